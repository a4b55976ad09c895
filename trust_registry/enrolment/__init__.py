"""Enrolment (入网): what a member brings, whether it may go before the officers, and the list that would come of it."""
