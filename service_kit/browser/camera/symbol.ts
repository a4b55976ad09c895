// QR symbols as SVG: alphanumeric mode, black on white with a quiet zone of four modules, in every theme.

import encodeQR from "qr";

const QUIET_ZONE_MODULES = 4;

/** The symbol of `text`; `level` M on screens, Q on paper. `label` is what a screen reader says. */
export function symbol(text: string, level: "medium" | "quartile", label: string): SVGSVGElement {
  const modules = modulesOf(text, level);
  const size = modules.length;
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", `0 0 ${size} ${size}`);
  drawing.setAttribute("shape-rendering", "crispEdges");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", label);
  drawing.append(path(`M0 0h${size}v${size}H0z`, "#fff"), path(runs(modules), "#000"));
  return drawing;
}

/** The modules of the symbol of `text` row by row, true where they are dark, with its quiet zone. */
export function modulesOf(text: string, level: "medium" | "quartile"): boolean[][] {
  return encodeQR(text, "raw", { ecc: level, encoding: "alphanumeric", border: QUIET_ZONE_MODULES });
}

/** Each run of dark modules in a row as one rectangle. */
function runs(modules: boolean[][]): string {
  const parts: string[] = [];
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      const start = x;
      while (row[x]) x++;
      if (x > start) parts.push(`M${start} ${y}h${x - start}v1h${start - x}z`);
    }
  });
  return parts.join("");
}

function path(d: string, fill: string): SVGPathElement {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawn.setAttribute("d", d);
  drawn.setAttribute("fill", fill);
  return drawn;
}
