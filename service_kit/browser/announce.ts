// Sound, vibration and speech: a guard in the rain does not look at the screen all the time. None of them is relied on.

import { type Language, WORDS } from "../../credentials/browser/profile";
import { said } from "../../credentials/browser/words";

/** What is heard and felt: tones in hertz one after the other, their wave, vibration in milliseconds on and off. */
export interface Signal {
  tones: readonly number[];
  wave: OscillatorType;
  vibration: readonly number[];
}

const TONE_SECONDS = 0.14;
const VOLUME = 0.3;
let audio: AudioContext | null = null;

/** Let sound begin: browsers keep it back until somebody has touched the page. */
export function unlockSound(): void {
  // Not within the gesture: it can take half a second, in which a hand scanner goes on typing.
  const unlock = () => void setTimeout(() => void context()?.resume());
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, unlock, { once: true, capture: true });
}

/** Let sound and speech begin at once, from within somebody's tap: some browsers take no other moment. */
export function beginSound(alsoSpeech: boolean): void {
  void context()?.resume();
  if (alsoSpeech && "speechSynthesis" in globalThis) speechSynthesis.speak(new SpeechSynthesisUtterance(""));
}

/** Play a signal; silent where the device or the browser refuses. */
export function sound({ tones, wave }: Signal): void {
  const playing = context();
  if (playing)
    tones.forEach((hertz, number) => play(playing, hertz, wave, playing.currentTime + number * TONE_SECONDS));
}

export function vibrate({ vibration }: Signal): void {
  navigator.vibrate?.([...vibration]);
}

/** Read `text` aloud in place of whatever is being read. */
export function speak(text: string, language: Language): void {
  if (!("speechSynthesis" in globalThis)) return;
  hush();
  const words = new SpeechSynthesisUtterance(text);
  const voices = speechSynthesis.getVoices();
  // A device without a Cantonese voice has perhaps one for Mandarin.
  const spoken = said(WORDS["language.voices"], language)
    .split(" ")
    .map((wanted) => voices.find((voice) => voice.lang.replace("_", "-").startsWith(wanted)));
  words.lang = language;
  words.voice = spoken.find((voice) => voice) ?? null;
  speechSynthesis.speak(words);
}

export function hush(): void {
  if ("speechSynthesis" in globalThis) speechSynthesis.cancel();
}

function context(): AudioContext | null {
  try {
    audio ??= new AudioContext();
    // A telephone call, or the screen that was locked, puts it to sleep.
    if (audio.state !== "running") void audio.resume().catch(() => undefined);
    return audio;
  } catch {
    return null;
  }
}

function play(playing: AudioContext, hertz: number, wave: OscillatorType, at: number): void {
  const tone = playing.createOscillator();
  const volume = playing.createGain();
  tone.type = wave;
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(VOLUME, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + TONE_SECONDS);
  tone.connect(volume).connect(playing.destination);
  tone.start(at);
  tone.stop(at + TONE_SECONDS);
}
