"""What each part of the issuer asks of its store (存储接口): rows, transactions and what they promise."""
