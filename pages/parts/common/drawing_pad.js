const PATIENCE = 400; // ms after a stroke: a digit of two strokes is sent once
const STEP = 2; // px between the points of a stroke that are kept

const pads = new WeakMap(); // canvas -> its pad: Streamlit calls the function below again at every change of data

export default function ({ parentElement, data, setStateValue }) {
  const canvas = parentElement.querySelector("canvas");
  const first = !pads.has(canvas);
  if (first) pads.set(canvas, { canvas, root: parentElement.querySelector(".pad"), strokes: data.strokes, live: null });
  const pad = pads.get(canvas);
  Object.assign(pad, { pen: data.pen, most: data.most, words: data.words, setStateValue });
  pad.listening?.abort();
  pad.listening = listen(pad);
  name(pad);
  if (first) show(pad);
  else say(pad);
  const { listening } = pad;
  return () => listening.abort();
}

function listen(pad) {
  const control = new AbortController();
  const { signal } = control;
  const on = (target, kind, act) => target.addEventListener(kind, act, { signal });
  on(pad.canvas, "pointerdown", (event) => begin(pad, event));
  on(pad.canvas, "pointermove", (event) => go(pad, event));
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    on(pad.canvas, kind, (event) => end(pad, event));
  }
  on(pad.root.querySelector(".undo"), "click", () => keep(pad, -1));
  on(pad.root.querySelector(".clear"), "click", () => keep(pad, 0));
  on(pad.root, "keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    keep(pad, -1);
  });
  // What is clicked next may take the pad away, or the page; Streamlit loses a page's click that comes with a value.
  on(pad.canvas, "pointerleave", (event) => event.pointerType === "mouse" && send(pad));
  const elsewhere = (event) => !event.composedPath().includes(pad.root);
  document.addEventListener("pointerdown", (event) => elsewhere(event) && send(pad), { signal, capture: true });
  return control;
}

function begin(pad, event) {
  if (pad.live || event.button !== 0 || isFull(pad)) return;
  clearTimeout(pad.timer);
  pad.canvas.setPointerCapture(event.pointerId);
  pad.live = { pointer: event.pointerId, points: place(pad, event) };
  show(pad);
}

function go(pad, event) {
  if (pad.live?.pointer !== event.pointerId) return;
  const { points } = pad.live;
  const between = event.getCoalescedEvents?.() ?? [];
  for (const each of between.length ? between : [event]) {
    const [x, y] = place(pad, each);
    if (Math.hypot(x - points.at(-2), y - points.at(-1)) >= STEP && !isFull(pad)) points.push(x, y);
  }
  show(pad);
}

function end(pad, event) {
  if (pad.live?.pointer !== event.pointerId) return;
  pad.strokes = [...pad.strokes, pad.live.points];
  pad.live = null;
  changed(pad);
}

/** The strokes up to this one, counted from the end if it is negative. */
function keep(pad, end) {
  if (pad.live || !pad.strokes.length) return;
  pad.strokes = pad.strokes.slice(0, end);
  changed(pad);
}

function changed(pad) {
  show(pad);
  clearTimeout(pad.timer);
  pad.timer = setTimeout(() => send(pad), PATIENCE);
}

function send(pad) {
  if (!pad.timer || pad.live) return;
  clearTimeout(pad.timer);
  pad.timer = undefined;
  const png = pad.strokes.length ? pad.canvas.toDataURL("image/png") : null;
  pad.setStateValue("drawing", { png, strokes: pad.strokes });
}

/** Whole pixels of the drawing; a stroke may leave the paper, but not without end. */
function place(pad, event) {
  const { canvas } = pad;
  const box = canvas.getBoundingClientRect();
  const whole = (offset, shown, side) => Math.round(Math.min(Math.max((offset / shown) * side, -side), 2 * side));
  return [
    whole(event.clientX - box.left, box.width, canvas.width),
    whole(event.clientY - box.top, box.height, canvas.height),
  ];
}

function isFull(pad) {
  const numbers = [...pad.strokes, pad.live?.points ?? []].reduce((sum, stroke) => sum + stroke.length, 0);
  return numbers / 2 >= pad.most;
}

function show(pad) {
  const { canvas, root, live } = pad;
  const all = live ? [...pad.strokes, live.points] : pad.strokes;
  const ink = canvas.getContext("2d", { alpha: false });
  Object.assign(ink, { lineWidth: pad.pen, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
  ink.fillStyle = "white";
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.fillStyle = "black";
  for (const stroke of all) trace(ink, stroke);
  say(pad);
  root.classList.toggle("empty", !all.length);
  for (const button of root.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", String(!all.length)); // `disabled` would take the keyboard's focus away
  }
}

function name({ root, words }) {
  const [undo, clear] = [root.querySelector(".undo"), root.querySelector(".clear")];
  root.querySelector(".hint").textContent = words.hint;
  undo.textContent = words.undo;
  undo.title = words.undo_help;
  clear.textContent = words.clear;
}

/** What a screen reader hears of the pad. */
function say(pad) {
  const count = pad.strokes.length + (pad.live ? 1 : 0);
  const { one, many } = pad.words;
  pad.canvas.setAttribute("aria-label", count === 1 ? one : many.replace("#", count));
  pad.root.querySelector("[role=status]").textContent = isFull(pad) ? pad.words.full : "";
}

/** A smooth line through the points, or a dot. */
function trace(ink, points) {
  const last = points.length - 2;
  ink.beginPath();
  if (last === 0) {
    ink.arc(points[0], points[1], ink.lineWidth / 2, 0, 2 * Math.PI);
    ink.fill();
    return;
  }
  ink.moveTo(points[0], points[1]);
  for (let i = 2; i < last; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    ink.quadraticCurveTo(x, y, (x + points[i + 2]) / 2, (y + points[i + 3]) / 2);
  }
  ink.lineTo(points[last], points[last + 1]);
  ink.stroke();
}
