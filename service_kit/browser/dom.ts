// Making elements. Texts are set as text, never as HTML, so nothing that was scanned can become markup.

type Child = Node | string | null | false;
type Attributes = { [name: string]: string | number | boolean | ((event: never) => void) | null | undefined };

/** An element: attributes by name, listeners as `onclick` and the like, children in order; null and false are left out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice("on".length), value as EventListener);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return made;
}

/** Put `children` in place of all that is in `place`, as `replaceChildren` of younger browsers. */
export function put(place: Element, ...children: (Node | string)[]): void {
  while (place.lastChild) place.lastChild.remove();
  place.append(...children);
}

/** A button that does `deed` when pressed. */
export function button(label: string, deed: () => unknown, style = ""): HTMLButtonElement {
  return element("button", { type: "button", class: style, onclick: () => void deed() }, label);
}

/** A drawing of 24 by 24 from one path, decorative: the words beside it say the same. */
export function shape(path: string): SVGSVGElement {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const outline = document.createElementNS("http://www.w3.org/2000/svg", "path");
  outline.setAttribute("d", path);
  outline.setAttribute("fill", "currentColor");
  outline.setAttribute("fill-rule", "evenodd");
  drawing.append(outline);
  return drawing;
}

/** A list of terms and facts; pairs without a fact are left out. */
export function facts(...pairs: [string, string | null][]): HTMLDListElement {
  const rows = pairs.flatMap(([term, fact]) => (fact ? [element("dt", {}, term), element("dd", {}, fact)] : []));
  return element("dl", { class: "facts" }, ...rows);
}
