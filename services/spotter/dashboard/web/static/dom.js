// Small helpers for building and updating elements. Text is always set as text, never as markup.

/** A new element with properties, data attributes and children. */
export function el(tag, { className = "", data = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets text only where it differs, so that ten updates a second cost nothing and selections survive. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keeps the children of `parent` in step with `items`: made once per key, moved when the order changes, removed. */
export function reconcile(parent, items, { key, create, update }) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let child = known.get(name);
    if (child) known.delete(name);
    else {
      child = create(item);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  for (const child of known.values()) child.remove();
}
