"""What somebody was told, and how they want to be told, goes with them."""

from identity.belongings import belongs
from notifications.models import FollowedPlace, Notification, Preference, RecipientSettings

belongs(Notification, "account_id")
belongs(Preference, "account_id")
belongs(RecipientSettings, "account_id")
belongs(FollowedPlace, "account_id")
