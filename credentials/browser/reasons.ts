// The words of every reason in zh-HK; zh-CN and en come with the snapshot, from the one table of outcomes.

export const IN_TRADITIONAL: Readonly<Record<string, string>> = {};
