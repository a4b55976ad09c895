// Hands a file to whoever holds the phone.

/** Whether it was saved, shared, or knowingly not. */
export async function save(file: File): Promise<boolean> {
  const isTouched = matchMedia("(pointer: coarse)").matches;
  // A browser on a desk saves; on a phone "share" is where a file goes into the album or to a relative.
  if (isTouched && navigator.canShare?.({ files: [file] })) {
    const isShared = await navigator.share({ files: [file] }).then(
      () => true,
      (error: DOMException) => error.name === "AbortError",
    );
    if (isShared) return true;
  }
  const address = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href: address, download: file.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return true;
}
