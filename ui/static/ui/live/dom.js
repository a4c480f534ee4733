// Small hands for the document. Nothing sets a style attribute: the content security policy forbids it.
const SVG = "http://www.w3.org/2000/svg";

/** An element with properties and children; `cls` is its class, `data` its data attributes. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "cls") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name in node && name !== "role") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

let icons = "", marks = "";
export function setSprites(urls) { icons = urls.icons; marks = urls.marks; }

export const icon = (name, cls = "") =>
  svg("svg", { class: `icon ${cls}`.trim(), "aria-hidden": "true" }, svg("use", { href: `${icons}#${name}` }));

export const mark = (shape) =>
  svg("svg", { class: "mark", "data-mark": shape, "aria-hidden": "true" }, svg("use", { href: `${marks}#${shape}` }));

export const bib = (number, shape, cls = "") => el("span", { cls: `bib ${cls}`.trim(), data: { mark: shape } }, String(number));

/** Text that is only touched when it changes: a phone should not lay out what stays the same. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function toggle(node, cls, on) {
  if (node.classList.contains(cls) !== Boolean(on)) node.classList.toggle(cls, Boolean(on));
}
