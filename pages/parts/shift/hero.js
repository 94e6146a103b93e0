// The photo, the frame on it, and every network's answer at that shift. All answers come with the data: moving asks
// nothing of the server. Only where the frame is left is sent.
const heroes = new WeakMap(); // root -> its hero: Streamlit calls the function below again at every change of data
const PATIENCE = 500; // ms after the last arrow key

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".hero");
  const fresh = !heroes.has(root);
  if (fresh) heroes.set(root, made(root));
  const hero = heroes.get(root);
  const other = hero.data?.token !== data.token;
  const grown = !other && hero.data.reach !== data.reach; // larger shifts are known now
  if (other) hero.touched = false;
  const elsewhere = other || rxElsewhere(hero.data, data, hero.sent);
  Object.assign(hero, { data, setStateValue });
  if (elsewhere) Object.assign(hero, { at: data.chosen, sent: null });
  pictures(hero);
  networks(hero);
  play(hero, other || (grown && !hero.touched));
  draw(hero);
}

function made(root) {
  const find = (name) => root.querySelector(name);
  const hero = { root, at: [0, 0], photo: new Image(), view: new Image(), cards: [], tour: 0 };
  Object.assign(hero, {
    scene: find(".scene"), seen: find(".view"), where: find(".at"), about: find(".about"),
    list: find(".networks"), tracks: find(".tracks"), told: find(".told"), player: rxPlayer(find(".play")),
  });
  hero.photo.onload = hero.view.onload = () => draw(hero);
  new ResizeObserver(() => requestAnimationFrame(() => draw(hero))).observe(root);
  window.addEventListener("resize", () => draw(hero));
  dragged(hero, hero.scene, (event, start) => {
    const { scene } = hero.data;
    const scale = hero.scene.clientWidth / scene.width;
    // the picture moves against the frame: a frame dragged to the right is a picture moved to the left
    return [0, 1].map((i) => start.at[i] - Math.round((i ? event.clientX - start.x : event.clientY - start.y) / scale / scene.step));
  });
  hero.scene.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, 1], ArrowRight: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    stop(hero);
    move(hero, [hero.at[0] + step[0], hero.at[1] + step[1]]);
    clearTimeout(hero.timer);
    hero.timer = setTimeout(() => send(hero), PATIENCE);
  });
  hero.player.slider.addEventListener("input", () => Object.assign(hero, { tour: 0, touched: true }));
  // the player's own click comes first: what it stopped is where the reader wants to look
  hero.player.button.addEventListener("click", () => {
    Object.assign(hero, { tour: 0, touched: true });
    if (!hero.player.timer) send(hero);
  });
  return hero;
}

/** What is dragged on a canvas, by mouse, pen or finger; `to(event, start)` gives the shift. */
function dragged(hero, canvas, to) {
  let start = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stop(hero);
    canvas.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY, at: hero.at, id: event.pointerId };
    move(hero, to(event, start));
  });
  canvas.addEventListener("pointermove", (event) => start?.id === event.pointerId && move(hero, to(event, start)));
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, () => {
      if (start) send(hero);
      start = null;
    });
  }
}

function stop(hero) {
  hero.touched = true;
  hero.tour = 0;
  hero.player.pause();
}

function move(hero, [dy, dx]) {
  const { reach } = hero.data;
  hero.at = [dy, dx].map((d) => Math.min(Math.max(d, -reach), reach));
  follow(hero);
  draw(hero);
}

/** The slider goes to the frame of its path that is nearest, and shows nothing by itself. */
function follow(hero) {
  const far = hero.data.path.map(([dy, dx]) => Math.hypot(dy - hero.at[0], dx - hero.at[1]));
  hero.silent = true;
  hero.player.go(far.indexOf(Math.min(...far)));
  hero.silent = false;
}

function send(hero) {
  clearTimeout(hero.timer);
  hero.told.textContent = `${placed(hero)}. ${hero.cards.map((card) => card.said).join(". ")}`;
  if (String(hero.at) === String(hero.sent?.at ?? hero.data.chosen)) return;
  hero.sent = { at: hero.at, token: Date.now() };
  hero.setStateValue("shift", [...hero.at, hero.sent.token]); // the same place again is news where a map was clicked since
}

function pictures({ data, photo, view }) {
  for (const [image, source] of [[photo, data.scene.picture], [view, data.scene.view]]) {
    if (image.src !== source) image.src = source;
  }
}

function play(hero, anew) {
  const { data } = hero;
  hero.silent = true;
  hero.player.set({
    count: data.path.length,
    interval: 130,
    back: true,
    words: data.words.player,
    say: (frame) => filled(data.words.at, moved(data.path[frame])),
    settled: () => send(hero),
    show: (frame) => {
      if (hero.silent) return;
      hero.at = data.path[frame];
      draw(hero);
      if (hero.tour && --hero.tour === 0) {
        hero.player.pause();
        move(hero, data.chosen);
      }
    },
  });
  follow(hero);
  hero.silent = false;
  // once there and back, so that it is seen at once that this moves; a shift that was asked for stands still
  if (anew && !data.chosen.some(Boolean)) {
    hero.tour = 2 * (data.path.length - 1);
    hero.player.begin();
  } else if (anew) stop(hero);
}

function networks(hero) {
  const { data } = hero;
  hero.list.replaceChildren();
  hero.tracks.replaceChildren();
  hero.list.classList.toggle("many", data.networks.length > 3);
  hero.cards = data.networks.map((network) => {
    const card = { network, map: new Image(), rest: network.says[(network.says.length - 1) / 2] };
    card.box = element(hero.list, "article");
    card.canvas = element(card.box, "canvas");
    card.canvas.setAttribute("role", "img");
    card.canvas.setAttribute("aria-label", `${network.title}: ${data.words.map}`);
    const words = element(card.box, "div");
    element(words, "h5", network.title);
    card.asked = row(words, network.colour);
    card.other = row(words, network.colour);
    card.map.onload = () => heat(hero, card);
    card.map.src = network.map;
    dragged(hero, card.canvas, (event) => {
      const box = card.canvas.getBoundingClientRect();
      const side = 2 * hero.data.reach + 1;
      const cell = (at, length) => Math.floor((at / length) * side) - hero.data.reach;
      return [cell(event.clientY - box.top, box.height), cell(event.clientX - box.left, box.width)];
    });
    const strip = element(hero.tracks, "div");
    element(strip, "span", network.title);
    card.track = element(element(strip, "div"), "canvas");
    return card;
  });
  element(hero.list, "p", data.words.legend);
  element(hero.tracks, "p", data.words.tracks);
}

/** An answer with its bar: a mark, a label and a share. */
function row(parent, colour) {
  const box = element(parent, "div");
  const line = element(box, "p");
  const made = { box, mark: element(line, "span"), label: element(line, "b") };
  const below = element(box, "div", "", "line");
  made.fill = element(element(below, "span"), "em");
  made.fill.style.background = colour;
  made.share = element(below, "i");
  return made;
}

function element(parent, tag, text = "", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return parent.appendChild(made);
}

const index = ({ data, at }) => (at[0] + data.reach) * (2 * data.reach + 1) + at[1] + data.reach;
const percent = (thousandths) => `${Math.round(thousandths / 10)}%`;
const moved = ([dy, dx]) => ({ up: arrow(dy, "↑", "↓"), left: arrow(dx, "←", "→"), down: arrow(dy, "↓", "↑"), right: arrow(dx, "→", "←") });
const arrow = (pixels, there, back) => `${pixels < 0 ? back : there}\u00a0${Math.abs(pixels)}\u00a0px`;

function filled(text, values) {
  return Object.entries(values).reduce((whole, [name, value]) => whole.replace(`{${name}}`, value), text);
}

function placed({ data, at }) {
  return at.some(Boolean) ? filled(data.words.at, moved(at)) : data.words.rest;
}

function draw(hero) {
  if (!hero.data || !hero.root.isConnected) return;
  hero.where.textContent = placed(hero);
  hero.about.textContent = hero.data.words.about;
  scene(hero);
  inset(hero);
  for (const card of hero.cards) answer(hero, card);
}

/** A canvas's pen, in CSS pixels, over a canvas of this size. */
function pen(canvas, width, height) {
  const dense = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * dense), Math.round(height * dense)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const ink = canvas.getContext("2d");
  ink.setTransform(dense, 0, 0, dense, 0, 0);
  ink.clearRect(0, 0, width, height);
  return ink;
}

function scene(hero) {
  const { data, photo } = hero;
  const { width, height, left, top, side, step, size } = data.scene;
  if (!photo.complete || !photo.naturalWidth) return;
  const wide = hero.scene.parentElement.clientWidth;
  const most = Math.min(Math.max(window.innerHeight * 0.44, 170), 620);
  const scale = Math.min(wide / width, most / height);
  const ink = pen(hero.scene, width * scale, height * scale);
  hero.scene.setAttribute("aria-label", data.words.picture);
  ink.imageSmoothingEnabled = Math.min(width, height) > 130;
  ink.drawImage(photo, 0, 0, width * scale, height * scale);
  const [dy, dx] = hero.at;
  const box = [(left - dx * step) * scale, (top - dy * step) * scale, side * scale, side * scale];
  ink.fillStyle = "rgb(0 0 0 / 0.6)";
  ink.beginPath();
  ink.rect(0, 0, width * scale, height * scale);
  ink.rect(...box);
  ink.fill("evenodd");
  if (dy || dx) {
    ink.setLineDash([5, 5]);
    outline(ink, [left * scale, top * scale, side * scale, side * scale], "rgb(255 255 255 / 0.75)", 1.5);
    ink.setLineDash([]);
  }
  outline(ink, box, "#000", 5);
  outline(ink, box, "#fff", 2.5);
}

function outline(ink, [x, y, w, h], colour, wide) {
  const inset = 1.5; // at the picture's rim half of the line would be lost
  Object.assign(ink, { strokeStyle: colour, lineWidth: wide });
  ink.strokeRect(x + inset, y + inset, w - 2 * inset, h - 2 * inset);
}

/** What the network gets, in its own pixels; of a photo that moves by its own, what is scaled to them. */
function inset(hero) {
  const { data, view } = hero;
  const { size, own } = data.scene;
  if (!view.complete || !view.naturalWidth) return;
  const margin = (view.naturalWidth - size) / 2; // beyond `reach` while the larger shifts are not known
  const shown = size <= 64 ? size * Math.max(1, Math.floor(112 / size)) : 112;
  const ink = pen(hero.seen, shown, shown);
  hero.seen.setAttribute("aria-label", data.words.view);
  ink.imageSmoothingEnabled = size > 64;
  const [dy, dx] = hero.at;
  const [left, top, step] = own ? [data.scene.left, data.scene.top, data.scene.step] : [margin, margin, 1];
  ink.drawImage(view, left - dx * step, top - dy * step, size, size, 0, 0, shown, shown);
}

function answer(hero, card) {
  const { data } = hero;
  const { network } = card;
  const i = index(hero);
  const same = network.says[i] === card.rest;
  const asked = network.says[i] === data.target;
  tell(card.asked, data.labels[data.target], network.asked[i]);
  tell(card.other, data.labels[network.says[i]], network.sure[i]);
  card.other.box.classList.toggle("none", asked);
  for (const [line, its] of [[card.asked, asked], [card.other, !asked]]) {
    line.box.classList.toggle("answer", its);
    line.mark.textContent = its ? (same ? "●" : "✕") : "";
    line.mark.title = its ? (same ? data.words.same : data.words.changed) : "";
  }
  card.said = filled(data.words.says, {
    title: network.title, label: data.labels[network.says[i]], share: percent(network.sure[i]),
  }) + (same ? "" : ` (${data.words.changed})`);
  heat(hero, card);
  track(hero, card);
}

function tell(line, label, thousandths) {
  line.label.textContent = label;
  line.fill.style.width = `${thousandths / 10}%`;
  line.share.textContent = percent(thousandths);
}

/** The small map, its outlines where the answer differs, and the ring at this shift. */
function heat(hero, card) {
  const { data } = hero;
  const side = 2 * data.reach + 1;
  const room = (hero.scene.clientHeight + 120) / data.networks.length - 16; // beside the photo and what is seen of it
  const shown = card.canvas.parentElement.clientWidth < 300 ? 76 : Math.min(Math.max(room, 76), 148);
  if (!card.map.complete || !card.map.naturalWidth) return;
  const ink = pen(card.canvas, shown, shown);
  const cell = shown / side;
  ink.imageSmoothingEnabled = false;
  ink.drawImage(card.map, 0, 0, shown, shown);
  Object.assign(ink, { strokeStyle: "#fff", lineWidth: 1 });
  const differs = (y, x) => card.network.says[y * side + x] !== card.rest;
  ink.beginPath();
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (x + 1 < side && differs(y, x) !== differs(y, x + 1)) edge(ink, x + 1, y, x + 1, y + 1, cell);
      if (y + 1 < side && differs(y, x) !== differs(y + 1, x)) edge(ink, x, y + 1, x + 1, y + 1, cell);
    }
  }
  ink.stroke();
  const [y, x] = hero.at.map((d) => (d + data.reach + 0.5) * cell);
  for (const [colour, wide] of [["#000", 5], ["#ff8a3d", 2.5]]) {
    Object.assign(ink, { strokeStyle: colour, lineWidth: wide });
    ink.beginPath();
    ink.arc(Math.min(Math.max(x, 5), shown - 5), Math.min(Math.max(y, 5), shown - 5), 5, 0, 2 * Math.PI);
    ink.stroke();
  }
}

function edge(ink, x0, y0, x1, y1, cell) {
  ink.moveTo(x0 * cell, y0 * cell);
  ink.lineTo(x1 * cell, y1 * cell);
}

/** Under the slider, a place for each of its frames: as high as the answer at rest is sure, filled where it is another. */
function track(hero, card) {
  const { data } = hero;
  const row = card.track.parentElement;
  const [width, height] = [row.clientWidth, 20];
  if (!width) return;
  const ink = pen(card.track, width, height);
  const rim = 8; // half of the slider's thumb
  const step = (width - 2 * rim) / Math.max(data.path.length - 1, 1);
  ink.fillStyle = card.network.colour;
  data.path.forEach(([dy, dx], frame) => {
    const i = index({ data, at: [dy, dx] });
    const same = card.network.says[i] === card.rest;
    const wide = Math.max(step - 1.5, 2);
    const high = same ? Math.max((height - 2) * card.network.sure[i] / 1000, 1) : height - 2;
    ink.globalAlpha = same ? 0.3 : 1;
    ink.fillRect(rim + frame * step - wide / 2, height - 1 - high, wide, high);
  });
  ink.globalAlpha = 1;
  const now = hero.player.at;
  ink.fillStyle = getComputedStyle(hero.root).color;
  ink.fillRect(rim + now * step - 1, 0, 2, height);
}
