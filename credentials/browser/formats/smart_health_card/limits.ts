// The name of SMART Health Cards, and their bounds; as in credentials/formats/smart_health_card/limits.py.

export const NAME = "smart-health-card";
export const MAX_CARD_CHARACTERS = 16_384;
export const MAX_CARD_BYTES = 65_536;
export const MAX_HEADER_CHARACTERS = 1024;
export const KID_BYTES = 32;
export const MAX_PARTS = 16;
export const MAX_ENTRIES = 256;
export const MAX_CODINGS = 16;
export const MAX_FIELD_CHARACTERS = 255;
