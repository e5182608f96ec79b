"""The tables of notifications."""

from notifications.models.channels import (
    ChannelPause,
    SubscriptionBalance,
    SubscriptionChange,
    SubscriptionEntry,
    SubscriptionSource,
    WeChatForm,
    WeChatTemplate,
)
from notifications.models.messages import (
    AttemptOutcome,
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    MessageTemplate,
    Notification,
)
from notifications.models.notices import (
    Audience,
    FollowedPlace,
    Notice,
    NoticeKind,
    NoticeState,
)
from notifications.models.preferences import Preference, RecipientSettings
from notifications.models.webhooks import (
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookState,
)

__all__ = [
    "AttemptOutcome",
    "Audience",
    "Channel",
    "ChannelPause",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "FollowedPlace",
    "MessageTemplate",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "Notification",
    "Preference",
    "RecipientSettings",
    "SubscriptionBalance",
    "SubscriptionChange",
    "SubscriptionEntry",
    "SubscriptionSource",
    "WeChatForm",
    "WeChatTemplate",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
    "WebhookState",
]
