// The photo with each network's map over it and a wipe to drag; under them the strongest patches, cut out.
// Streamlit calls the function below again at each change of data, on the same root: what a hand has done stays there.
const SETTLED = 30; // percent of the photo that stay uncovered
const STEP = 2; // percent of a frame of the sweep
const STILL = 5; // px that a pointer may move in a click

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".wipe");
  root.data = data;
  root.send = setTriggerValue;
  if (!root.parts) make(root);
  draw(root);
}

function make(root) {
  root.only = -1;
  const part = (name, parent = root) => rxElement("div", name, parent);
  const [panes, foot, tabs] = ["panes", "foot", "tabs"].map((name) => part(name));
  root.parts = { tabs, panes, bar: part("bar", foot), legend: part("legend", foot), five: part("five") };
  const player = rxPlayer(root.parts.bar);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  root.opening = !still; // the evidence comes over the photo once, by itself
  player.at = still ? SETTLED : 100;
  player.step = -STEP;
  for (const one of [player.button, player.slider]) one.addEventListener("pointerdown", () => (root.opening = false));
}

function draw(root) {
  const { data, parts } = root;
  if (root.only >= data.panes.length || data.panes.length < 2) root.only = -1;
  root.style.setProperty("--opacity", data.opacity);
  root.style.setProperty("--aspect", data.size[1] / data.size[0]);
  tabs(root);
  const shown = JSON.stringify([data.panes, data.photo, data.outline, data.object, data.label, data.words]);
  if (shown !== root.shown) parts.panes.replaceChildren(...data.panes.map((pane) => paneOf(root, pane)));
  root.shown = shown; // what is the same stays: a hand may be on it
  narrowed(root);
  legend(root);
  five(root);
  const player = rxPlayer(parts.bar);
  player.set({
    count: 101,
    interval: 40,
    back: true,
    words: data.player,
    say: (at) => `${100 - at} %`,
    show: (at) => {
      root.style.setProperty("--at", `${at}%`);
      if (root.opening && at <= SETTLED && player.timer) {
        root.opening = false;
        player.pause();
      }
    },
  });
  if (root.opening && !player.timer) player.begin();
}

/** One network at a time, or side by side. */
function tabs(root) {
  const { data, parts } = root;
  const names = data.panes.length < 2 ? [] : [data.words.beside, ...data.panes.map((pane) => pane.title)];
  parts.tabs.replaceChildren(
    ...names.map((name, i) => {
      const tab = rxElement("button", "");
      tab.type = "button";
      tab.textContent = name;
      tab.addEventListener("click", () => {
        root.only = i - 1;
        narrowed(root);
      });
      return tab;
    }),
  );
}

function narrowed(root) {
  const { tabs, panes } = root.parts;
  [...tabs.children].forEach((tab, i) => tab.setAttribute("aria-pressed", String(i - 1 === root.only)));
  [...panes.children].forEach((pane, i) => (pane.hidden = root.only >= 0 && i !== root.only));
  panes.style.setProperty("--count", root.only < 0 ? root.data.panes.length : 1);
}

function paneOf(root, pane) {
  const { data } = root;
  const figure = rxElement("figure", "");
  const head = rxElement("figcaption", "", figure);
  rxElement("b", "", head).textContent = pane.title;
  rxElement("span", "", head).textContent = pane.sees;
  const stage = rxElement("div", "stage", figure);
  stage.setAttribute("role", "img");
  stage.setAttribute("aria-label", pane.alt);
  picture(stage, "photo", data.photo);
  const over = rxElement("div", "over", stage);
  picture(over, "grey", data.photo);
  const map = picture(over, pane.smooth ? "map" : "map cells", pane.map);
  lay(map, pane.at);
  if (data.outline) picture(over, "lines", data.outline);
  for (const strip of pane.rim) lay(rxElement("div", "rim", over), strip);
  rxElement("div", "divider", stage);
  tag(stage, "left", data.words.photo);
  tag(stage, "right", data.words.evidence);
  if (data.object) tag(frame(stage, "object", data.object), data.label, data.words.object);
  pane.spots.forEach((spot, i) => tag(frame(stage, "spot", spot), "", String(i + 1)));
  if (pane.frame) frame(stage, "chosen", pane.frame);
  listen(root, stage, pane);
  return figure;
}

function picture(parent, name, source) {
  const image = rxElement("img", name, parent);
  image.src = source;
  image.alt = "";
  image.draggable = false;
  return image;
}

function tag(parent, name, words) {
  rxElement("span", `tag ${name}`, parent).textContent = words;
}

function frame(stage, name, at) {
  const made = rxElement("div", `frame ${name}`, stage);
  lay(made, at);
  return made;
}

function lay(made, [left, top, width, height]) {
  Object.assign(made.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
}

/** A drag moves the wipe, a click chooses the patch around its place, even where the map was drawn anew meanwhile. */
function listen(root, stage, pane) {
  const player = () => rxPlayer(root.parts.bar);
  const across = (event) => {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    root.opening = false;
    player().pause();
    root.press = { x: event.clientX, y: event.clientY, moved: false };
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!root.press || !event.buttons) return;
    root.press.moved ||= Math.abs(event.clientX - root.press.x) > STILL;
    if (root.press.moved) player().go(Math.round(100 * Math.min(Math.max(across(event)[0], 0), 1)));
  });
  stage.addEventListener("pointercancel", () => (root.press = null));
  stage.addEventListener("pointerup", (event) => {
    const clicked = root.press && !root.press.moved && Math.abs(event.clientY - root.press.y) <= STILL;
    root.press = null;
    if (!clicked || !root.data.choosable) return;
    const [height, width] = root.data.size;
    const [x, y] = across(event);
    const inside = (share, side) => Math.min(Math.max(Math.floor(share * side), 0), side - 1);
    choose(root, pane.of, inside(y, height), inside(x, width));
  });
}

function choose(root, of, y, x) {
  root.send("pick", { of, y, x });
}

/** What the colours mean, from against to for. */
function legend(root) {
  const { scale } = root.data;
  const { legend } = root.parts;
  legend.replaceChildren();
  rxElement("b", "", legend).textContent = scale.title;
  const bar = rxElement("div", "scale", legend);
  bar.style.background = `linear-gradient(to right, ${scale.stops.join(", ")})`;
  const ends = rxElement("div", "ends", legend);
  for (const words of [scale.against, "0", scale.for]) rxElement("span", "", ends).textContent = words;
  if (!root.data.words.rim) return;
  const row = rxElement("div", "blind", legend);
  rxElement("i", "rim", row);
  rxElement("span", "", row).textContent = root.data.words.rim;
}

function five(root) {
  const { data, parts } = root;
  parts.five.replaceChildren();
  if (!data.five.length) return;
  rxElement("b", "", parts.five).textContent = data.words.five;
  const row = rxElement("div", "row", parts.five);
  data.five.forEach((one, i) => {
    const button = rxElement("button", "", row);
    button.type = "button";
    button.setAttribute("aria-label", one.alt);
    button.setAttribute("aria-pressed", String(one.chosen));
    picture(button, "", one.source);
    rxElement("span", "", button).textContent = `${i + 1}: ${one.value}`;
    button.addEventListener("click", () => choose(root, one.of, one.y, one.x));
  });
}
