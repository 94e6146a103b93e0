// A window of a patch's size over the photo, dragged or played from patch to patch, and what that patch alone says.
export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".window");
  const first = !root.data;
  root.data = data;
  if (first) make(root);
  const { stage, image, title, said, bar } = root.parts;
  title.textContent = data.words.title;
  image.src = data.photo;
  image.alt = data.words.photo;
  stage.style.aspectRatio = `${data.size[1]} / ${data.size[0]}`;
  said.setAttribute("aria-label", data.words.alone);
  const count = data.rows.length * data.columns.length;
  if (first) rxPlayer(bar).at = Math.floor(data.rows.length / 2) * data.columns.length + (data.columns.length >> 1);
  rxPlayer(bar).set({
    count,
    interval: 150,
    words: data.player,
    say: (at) => `${data.labels[data.best[at][0]]}, ${data.logits[at][0]}`,
    show: (at) => show(root, at),
  });
}

function make(root) {
  const title = rxElement("b", "", root);
  const row = rxElement("div", "sides", root);
  const stage = rxElement("div", "stage", row);
  const image = rxElement("img", "", stage);
  image.draggable = false;
  const frame = rxElement("div", "frame", stage);
  const said = rxElement("ol", "", row);
  const bar = rxElement("div", "", root);
  root.parts = { title, stage, image, frame, said, bar };
  let held = false;
  const follow = (event) => held && go(root, event);
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = true;
    stage.setPointerCapture(event.pointerId);
    rxPlayer(bar).pause();
    go(root, event);
  });
  stage.addEventListener("pointermove", follow);
  for (const kind of ["pointerup", "pointercancel"]) stage.addEventListener(kind, () => (held = false));
}

/** The window comes to the patch whose middle is nearest to the pointer. */
function go(root, event) {
  const { rows, columns, size } = root.data;
  const box = root.parts.stage.getBoundingClientRect();
  const nearest = (places, at) => places.reduce((best, p, i) => (Math.abs(p - at) < Math.abs(places[best] - at) ? i : best), 0);
  const y = nearest(rows, ((event.clientY - box.top) / box.height) * size[0]);
  const x = nearest(columns, ((event.clientX - box.left) / box.width) * size[1]);
  rxPlayer(root.parts.bar).go(y * columns.length + x);
}

function show(root, at) {
  const { data, parts } = root;
  const [wide, tall] = data.patch;
  const left = (100 * (data.columns[at % data.columns.length] + 0.5)) / data.size[1] - wide / 2;
  const top = (100 * (data.rows[Math.floor(at / data.columns.length)] + 0.5)) / data.size[0] - tall / 2;
  Object.assign(parts.frame.style, { left: `${left}%`, top: `${top}%`, width: `${wide}%`, height: `${tall}%` });
  parts.said.replaceChildren(
    ...data.best[at].map((label, i) => {
      const line = document.createElement("li");
      const name = rxElement(data.labels[label] === data.target ? "b" : "span", "name", line);
      name.textContent = data.labels[label];
      rxElement("i", "", line).textContent = data.logits[at][i].toFixed(1);
      const bar = rxElement("span", "bar", line);
      rxElement("em", "", bar).style.width = `${Math.max(0, (100 * data.logits[at][i]) / data.highest)}%`;
      return line;
    }),
  );
}
