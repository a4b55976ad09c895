// Made by `make profile` from credentials/profile/known_texts.py: change it there.

import type { Label } from "./profile";

/** Texts that are known for what they are; the first that fits counts. */
const KNOWN_TEXTS: readonly (readonly [pattern: RegExp, words: Label])[] = [
  [/^(?:(?:https?:\/\/[!-~]{1,300}#)?(?:shlink|vhlink):\/)/i, ["它是健康证件的链接，不是证件本身：请对方在手机上打开，出示里面的证件二维码。", "它是健康證件的連結，不是證件本身：請對方在手機上開啟，出示裏面的證件二維碼。", "It is a link to a health certificate, not the certificate: ask to open it on the phone and show the certificate's own code."]],
  [/^(?:M[1-9][A-Z0-9 \/.'-]{20}[E ][A-Z0-9 ]{7}[A-Z]{6}[A-Z0-9 ]{3}[0-9 ]{4}[A-Z0-9 ])/i, ["它是登机牌：请对方出示健康码或境外健康证件。", "它是登機證：請對方出示健康碼或境外健康證件。", "It is a boarding pass: ask for the health code or certificate."]],
  [/^(?:[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$)/i, ["它是身份证件号码：请对方出示健康码。", "它是身份證明文件號碼：請對方出示健康碼。", "It is the number of an identity document: ask for the health code."]],
  [/^(?:(?:1[0-5][0-9]{16}|(?:2[5-9]|30)[0-9]{14,22}|62[0-9]{14,17})$)/i, ["它是付款码或收款码：请对方收起来，出示健康码。", "它是付款碼或收款碼：請對方收起來，出示健康碼。", "It is a payment code: ask to put it away and to show the health code."]],
  [/^(?:000201[0-9]{2}[!-~]|(?:wxp|upi|alipays?|alipayqr|weixin|upwrp):\/\/|hQVDUFYwM)/i, ["它是付款码或收款码：请对方收起来，出示健康码。", "它是付款碼或收款碼：請對方收起來，出示健康碼。", "It is a payment code: ask to put it away and to show the health code."]],
  [/^(?:https?:\/\/(?:qr\.alipay\.com|wx\.tenpay\.com|payapp\.weixin\.qq\.com|qr\.95516\.com|qr\.unionpay\.com)(?:$|[\/:?#]))/i, ["它是付款码或收款码：请对方收起来，出示健康码。", "它是付款碼或收款碼：請對方收起來，出示健康碼。", "It is a payment code: ask to put it away and to show the health code."]],
  [/^(?:BEGIN:VCARD|(?:MECARD|BIZCARD|mailto|tel|sms|smsto|matmsg):|https?:\/\/u\.wechat\.com\/)/i, ["它是名片或联系方式：请对方出示健康码。", "它是名片或聯絡方式：請對方出示健康碼。", "It is a contact: ask for the health code."]],
  [/^(?:https?:\/\/|www\.)/i, ["它是网址，请勿打开：请对方在自己的手机上打开健康码再出示。", "它是網址，請勿開啟：請對方在自己的手機上開啟健康碼再出示。", "It is a web address; do not open it: ask to open the health code on the holder's own phone."]],
  [/^(?:WIFI:)/i, ["它是无线网的连接码：请对方出示健康码。", "它是 Wi-Fi 的連線碼：請對方出示健康碼。", "It is a code for joining a Wi-Fi network: ask for the health code."]],
  [/^(?:[0-9][0-9 -]{2,39}$)/i, ["它只是一串数字：请对方出示健康码。", "它只是一串數字：請對方出示健康碼。", "It is a plain number: ask for the health code."]],
];

const MAX_LOOKED_AT_CHARACTERS = 512;

/** What a bare text is and what to do; null when nobody knows. */
export function wordsOf(text: string): Label | null {
  const head = [...text.slice(0, 2 * MAX_LOOKED_AT_CHARACTERS)].slice(0, MAX_LOOKED_AT_CHARACTERS).join("");
  return KNOWN_TEXTS.find(([pattern]) => pattern.test(head))?.[1] ?? null;
}

/** Also inside a card of another form. */
export const HEALTH_LINK: Label = ["它是健康证件的链接，不是证件本身：请对方在手机上打开，出示里面的证件二维码。", "它是健康證件的連結，不是證件本身：請對方在手機上開啟，出示裏面的證件二維碼。", "It is a link to a health certificate, not the certificate: ask to open it on the phone and show the certificate's own code."];
