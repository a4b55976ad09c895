// The name of EU cards, and their bounds; as in credentials/formats/eu_dcc/limits.py.

export const NAME = "eu-dcc";
export const MAX_CARD_BYTES = 16_384;
export const MAX_HEADER_BYTES = 1024;
export const MAX_KID_BYTES = 32;
export const MAX_FIELD_CHARACTERS = 255;
export const MAX_ENTRIES = 8;
export const MAX_DOSES = 99;
