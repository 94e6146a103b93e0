// Bars under a threshold to drag: what lies below becomes exactly zero, what rises above is shortened by as much.
export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".toy");
  root.data = data;
  if (!root.parts) make(root);
  const { chart, legend, bar, bars } = root.parts;
  chart.setAttribute("aria-label", data.words.alt);
  bars.replaceChildren(...data.responses.map((response, i) => column(data, response, i)));
  legend.replaceChildren(...[["picture", 0], ["noise", 1]].map(([kind, c]) => {
    const item = rxElement("span", "");
    const mark = rxElement("i", kind, item);
    mark.style.setProperty("--colour", data.colours[c]);
    item.append(data.words[kind]);
    return item;
  }));
  const first = !bar.rxPlayer, player = rxPlayer(bar);
  if (first) player.at = data.first;
  player.set({
    count: data.lams.length,
    interval: 90,
    back: true,
    words: data.player,
    say: (at) => said(data, at),
    show: (at) => show(root, at),
  });
}

function make(root) {
  const chart = rxElement("div", "chart", root), bars = rxElement("div", "bars", chart);
  const line = rxElement("div", "line", chart), label = rxElement("span", "", line);
  chart.setAttribute("role", "img");
  root.parts = { chart, bars, line, label, legend: rxElement("div", "legend", root), bar: rxElement("div", "bar", root) };
  root.parts.left = rxElement("p", "", root);
  let held = false;
  const player = () => rxPlayer(root.parts.bar);
  const to = (event) => {
    const box = bars.getBoundingClientRect(), { lams } = root.data;
    const lam = Math.min(Math.max((box.bottom - event.clientY) / box.height, 0), 1);
    player().pause();
    player().go(Math.round(lam * (lams.length - 1)));
  };
  chart.addEventListener("pointerdown", (event) => {
    held = true;
    chart.setPointerCapture(event.pointerId);
    to(event);
  });
  chart.addEventListener("pointermove", (event) => held && to(event));
  for (const kind of ["pointerup", "pointercancel"]) chart.addEventListener(kind, () => (held = false));
}

function column(data, response, i) {
  const made = rxElement("div", data.picture.includes(i) ? "picture" : "noise");
  made.style.setProperty("--colour", data.colours[data.picture.includes(i) ? 0 : 1]);
  rxElement("s", "", made).style.height = `${100 * response}%`;
  rxElement("b", "", made);
  return made;
}

function said(data, at) {
  const left = data.codes[at].filter((code) => code > 0).length;
  return `λ = ${data.lams[at].toFixed(2)}: ${left} / ${data.responses.length} ${data.words.left}`;
}

function show(root, at) {
  const { data, parts } = root;
  [...parts.bars.children].forEach((bar, i) => (bar.lastChild.style.height = `${100 * data.codes[at][i]}%`));
  parts.line.style.bottom = `${100 * data.lams[at]}%`;
  parts.label.textContent = `λ = ${data.lams[at].toFixed(2)}`;
  parts.left.textContent = said(data, at);
}
