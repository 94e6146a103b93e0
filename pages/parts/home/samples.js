export default function ({ parentElement, data, setTriggerValue }) {
  const row = parentElement.querySelector(".samples");
  row.setAttribute("aria-label", data.label);
  row.rxPick = (name) => setTriggerValue("picked", name); // called again, on the same root, at each change of data
  if (row.children.length !== data.items.length) row.replaceChildren(...data.items.map((item) => made(row, item)));
  for (const one of row.children) one.setAttribute("aria-pressed", String(one.dataset.name === data.chosen));
}

function made(row, item) {
  const one = document.createElement("button");
  const picture = document.createElement("img");
  one.type = "button";
  one.dataset.name = item.name;
  one.title = item.title;
  one.setAttribute("aria-label", item.title);
  Object.assign(picture, { src: item.source, alt: "", draggable: false });
  one.append(picture);
  one.addEventListener("click", () => row.rxPick(item.name));
  return one;
}
