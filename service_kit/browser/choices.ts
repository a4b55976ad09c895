// Small choices kept on the device. Where the browser refuses to keep anything they live as long as the page.

const inThePage = new Map<string, string>();

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? inThePage.get(key) ?? null;
  } catch {
    return inThePage.get(key) ?? null;
  }
}

/** Keep `value`; whether it outlives the page. */
export function remember(key: string, value: string): boolean {
  inThePage.set(key, value);
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
