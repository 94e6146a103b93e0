// The spinal head, drawn at its own size (no word is scaled), and the bars of the answer so far.
// A frame is a layer: those up to it are lit. Streamlit calls this again on the same root at each change of the data.
const SVG = "http://www.w3.org/2000/svg";
const LANE = 22, CAP = 24, STRIP = 20, WIRE = 24, TOP = 40, GAP = 12, FOOT = 26; // px

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".hero");
  const state = (root.rxState ??= build(root));
  const fresh = state.data?.key !== data.key;
  state.data = data;
  picture(state, data.picture);
  bars(state, data);
  state.legend.textContent = data.words.legend;
  draw(state);
  const last = data.rows.length - 1;
  state.player.set({
    count: data.rows.length,
    interval: data.interval,
    words: data.words,
    say: (frame) => state.data.words.say[frame] ?? "",
    show: (frame) => light(state, frame),
  });
  if (!fresh) return;
  state.player.pause();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  state.player.go(still ? last : 0);
  state.player.begin();
}

function build(root) {
  root.innerHTML = `
    <figure class="seen"><img><figcaption></figcaption></figure>
    <div class="head"><svg role="img"></svg><p class="legend"></p></div>
    <div class="answer"><h5></h5><ol></ol></div>
    <div class="turn"></div>`;
  const state = {
    root,
    image: root.querySelector("img"),
    caption: root.querySelector("figcaption"),
    svg: root.querySelector("svg"),
    legend: root.querySelector(".legend"),
    title: root.querySelector("h5"),
    list: root.querySelector("ol"),
    player: rxPlayer(root.querySelector(".turn")),
  };
  new ResizeObserver(() => {
    if (state.data && state.width !== state.svg.parentElement.clientWidth) {
      draw(state);
      light(state, state.player.at);
    }
  }).observe(state.svg.parentElement);
  return state;
}

function picture({ image, caption }, { source, alt, caption: words, crisp }) {
  if (image.src !== source) image.src = source;
  image.alt = alt;
  image.classList.toggle("crisp", crisp);
  caption.textContent = words;
}

function bars({ list }, { labels, colour }) {
  list.replaceChildren(
    ...labels.map((label) => {
      const row = document.createElement("li");
      row.innerHTML = `<b></b><i></i><span><em></em></span>`;
      row.querySelector("b").textContent = label;
      row.querySelector("em").style.background = colour;
      return row;
    }),
  );
  list.classList.toggle("many", labels.length > 6);
}

function make(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function draw(state) {
  const { svg, data } = state;
  const { rows, parts } = data;
  state.width = svg.parentElement.clientWidth;
  if (!state.width) return;
  // Projector mode makes the page's root larger: the drawing grows with it.
  const zoom = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const width = state.width / zoom;
  const tall = Math.max(38, Math.min(58, Math.floor(300 / rows.length)));
  const height = TOP + rows.length * tall + FOOT;
  svg.setAttribute("width", state.width);
  svg.setAttribute("height", height * zoom);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", data.words.diagram);
  svg.replaceChildren();
  const lane = (part) => 2 + LANE * (part + 0.5);
  const left = 2 + LANE * parts.length + 14;
  const box = { x: left + CAP, end: width - STRIP - WIRE };
  const middle = (i) => TOP + i * tall + (tall - GAP) / 2;

  parts.forEach((part, i) => {
    const last = rows.map((row) => row.part).lastIndexOf(i);
    make(svg, "line", { x1: lane(i), x2: lane(i), y1: 24, y2: middle(last), stroke: part.colour, class: "lane" });
    make(svg, "rect", { x: lane(i) - LANE / 2 + 1, y: 2, width: LANE - 2, height: 24, rx: 3, fill: part.colour, stroke: part.colour, class: "cap" });
    make(svg, "text", { x: lane(i), y: 19, class: "letter" }, part.letter);
  });
  make(svg, "text", { x: left, y: 19, class: "note" }, data.features);

  state.groups = rows.map((row, i) => {
    const part = parts[row.part], y = TOP + i * tall, high = tall - GAP;
    const group = make(svg, "g", { class: "layer" });
    make(group, "line", { x1: lane(row.part), x2: left, y1: middle(i), y2: middle(i), stroke: part.colour, class: "tap" });
    make(group, "circle", { cx: lane(row.part), cy: middle(i), r: 4.5, fill: part.colour });
    if (i) arrow(group, box.x + 14, y - GAP, box.x + 14, y - 1);
    make(group, "rect", { x: left, y, width: CAP, height: high, fill: part.colour, stroke: part.colour, class: "cap" });
    make(group, "text", { x: left + CAP / 2, y: middle(i) + 5, class: "letter" }, part.letter);
    make(group, "rect", { x: box.x, y, width: box.end - box.x, height: high, stroke: part.colour, class: "box" });
    arrow(group, box.end, middle(i), box.end + WIRE - 1, middle(i));
    make(group, "rect", { x: box.end + WIRE, y: y - GAP / 2, width: STRIP - 2, height: tall, fill: data.colour, class: "read" });
    const room = box.end - box.x - 16, cell = room / row.units.length, low = high >= 40;
    const base = low ? y + 17 : y + 15, said = `${row.best} ${percent(row.share)}${row.sure ? " ✓" : ""}`;
    make(group, "text", { x: box.x + 8, y: base }, row.title);
    make(group, "text", { x: box.end - 8, y: base, class: "best" }, said);
    row.units.forEach((unit, u) => {
      const at = { x: box.x + 8 + u * cell, y: low ? y + 25 : y + high - 6, width: Math.max(1, cell - 1.5) };
      make(group, "rect", { ...at, height: low ? high - 31 : 4, class: "unit" });
      make(group, "rect", { ...at, height: low ? high - 31 : 4, class: "fire", fill: data.colour, style: `--fire:${unit}` });
    });
    return group;
  });
  make(svg, "text", { x: width - 2, y: height - 6, class: "sum" }, data.words.sum);
}

function arrow(group, x1, y1, x2, y2) {
  const line = make(group, "g", { class: "arrow" });
  make(line, "line", { x1, y1, x2, y2 });
  const side = x1 === x2 ? `${x2 - 4},${y2 - 5} ${x2 + 4},${y2 - 5}` : `${x2 - 5},${y2 - 4} ${x2 - 5},${y2 + 4}`;
  make(line, "polygon", { points: `${x2},${y2} ${side}` });
}

const percent = (share) => `${Math.round(100 * share)} %`;

function light(state, frame) {
  const { data } = state;
  state.groups?.forEach((group, i) => {
    group.classList.toggle("lit", i <= frame);
    group.classList.toggle("now", i === frame);
  });
  state.title.textContent = data.words.bars[frame];
  [...state.list.children].forEach((row, i) => {
    const share = data.bars[frame][i];
    row.querySelector("i").textContent = percent(share);
    row.querySelector("em").style.width = `${100 * share}%`;
    row.classList.toggle("first", share === Math.max(...data.bars[frame]));
  });
  if (frame === data.rows.length - 1) state.player.pause(); // it plays once, and stays with the whole answer
}
