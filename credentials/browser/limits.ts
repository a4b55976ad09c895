// Every bound that the browser's judge keeps, as in credentials/limits.py; a test holds the two equal.

export const MAX_CREDENTIAL_TEXT_CHARACTERS = 419;
export const MAX_PRESENTATION_TEXT_CHARACTERS = 528;
export const MAX_CHALLENGE_TEXT_CHARACTERS = 71;
export const MAX_TEXT_CHARACTERS = 4096;
export const MAX_CREDENTIAL_BYTES = 300;
export const MAX_PRESENTATION_BYTES = 400;
export const MAX_CBOR_DEPTH = 8;

export const MAX_GATE_NAME_BYTES = 24;
export const NONCE_BYTES = 16;

export const MAX_HOLDER_NAME_BYTES = 24;
export const CTI_BYTES = 8;
export const KID_BYTES = 8;
export const DECISION_REFERENCE_BYTES = 16;
export const MAX_EVIDENCE = 2;
export const MAX_EVIDENCE_CONVERTED = 1;
export const EVIDENCE_TIME_STEP_SECONDS = 600;
export const MAX_EVALUATED_BEFORE_SECONDS = 65_535;
export const MAX_RULE_SET = 23;
export const MAX_RULE_SET_VERSION = 65_535;
export const MAX_STATUS_LIST = 65_535;
export const STATUS_LIST_SIZE = 2 ** 20;
export const MIN_TIME_SECONDS = 1_577_836_800;
export const MAX_TIME_SECONDS = 2 ** 32 - 1;

export const CLOCK_SKEW_SECONDS = 60;
export const MAX_LIFETIME_PHONE_SECONDS = 24 * 3600;
export const MAX_LIFETIME_PAPER_SECONDS = 7 * 24 * 3600;
export const MAX_LIFETIME_WITHOUT_STATUS_SECONDS = 3600;

export const COORDINATE_BYTES = 32;
export const SIGNATURE_BYTES = 64;

export const MAX_JWS_CHARACTERS = 1_500_000;
export const MAX_JSON_DEPTH = 64;
export const MAX_SIGNED_BYTES = 16 * 1024 * 1024;

export const MAX_STATUS_LISTS = 1024;
export const MAX_STATUS_WITHDRAWN = 2 ** 23;
export const MAX_STATUS_LIST_BYTES = STATUS_LIST_SIZE / 8;
export const MAX_RICE_PARAMETER = 19;
export const MAX_STATUS_SEQUENCE = 2 ** 53 - 1;
export const MAX_SEGMENT_BYTES = 1024 * 1024;
export const MAX_SEGMENT_CHANGES = 2 ** 18;
export const STATUS_HASH_BYTES = 32;
