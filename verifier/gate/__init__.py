"""The gate (卡口): asks the judge with what is known now, remembers what was shown, and asks phones back."""
