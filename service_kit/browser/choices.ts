// Small choices kept on the device. Where the browser refuses to keep anything they live as long as the page.

const inThePage = new Map<string, string>();

export function recall(key: string): string | null {
  const unkept = inThePage.get(key);
  if (unkept !== undefined) return unkept;
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep `value`; whether it outlives the page. Where there is no room, what was kept before is not what was chosen. */
export function remember(key: string, value: string): boolean {
  try {
    localStorage.setItem(key, value);
    inThePage.delete(key);
    return true;
  } catch {
    inThePage.set(key, value);
    return false;
  }
}
