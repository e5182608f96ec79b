from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0002_letters'), ('management', '0001_initial'), ('notifications', '0001_letters'), ('landlord', '0001_initial')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='ChannelPause',
            constraint=UniqueConstraint(fields=('channel',), name='channel_pause_one', condition='ended_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='ChannelPause',
            constraint=CheckConstraint(check='until IS NULL OR until > paused_at', name='channel_pause_period'),
        ),
        ops.AddConstraint(
            model_name='Delivery',
            constraint=CheckConstraint(check="(state = 'SENDING') = (claimed_until IS NOT NULL)", name='delivery_claimed'),
        ),
        ops.AddConstraint(
            model_name='Delivery',
            constraint=CheckConstraint(check="(state = 'SENT') <= (sent_at IS NOT NULL)", name='delivery_sent'),
        ),
        ops.AddConstraint(
            model_name='FollowedPlace',
            constraint=CheckConstraint(check='radius BETWEEN 0 AND 2000', name='followed_place_radius'),
        ),
        ops.AddConstraint(
            model_name='MessageTemplate',
            constraint=UniqueConstraint(fields=('topic',), name='message_template_in_force', condition='in_force'),
        ),
        ops.AddConstraint(
            model_name='MessageTemplate',
            constraint=CheckConstraint(check='version >= 1', name='message_template_version'),
        ),
        ops.AddConstraint(
            model_name='MessageTemplate',
            constraint=CheckConstraint(check='shipped = (author_id IS NULL)', name='message_template_author'),
        ),
        ops.AddConstraint(
            model_name='Notice',
            constraint=CheckConstraint(check="grid_path ~ '^([0-9A-Za-z-]+/)+$'", name='notice_path'),
        ),
        ops.AddConstraint(
            model_name='Notice',
            constraint=CheckConstraint(check='num_nonnulls(latitude, longitude, radius) IN (0, 3)', name='notice_point'),
        ),
        ops.AddConstraint(
            model_name='Notice',
            constraint=CheckConstraint(check='radius IS NULL OR radius BETWEEN 50 AND 5000', name='notice_radius'),
        ),
        ops.AddConstraint(
            model_name='Notice',
            constraint=CheckConstraint(check="(state IN ('DRAFT', 'CANCELLED')) OR send_at IS NOT NULL", name='notice_at'),
        ),
        ops.AddConstraint(
            model_name='Notice',
            constraint=CheckConstraint(check="(state = 'SENT') = (sent_at IS NOT NULL)", name='notice_sent'),
        ),
        ops.AddConstraint(
            model_name='Notification',
            constraint=CheckConstraint(check='(account_id IS NULL) <> (staff_id IS NULL)', name='notification_of_one'),
        ),
        ops.AddConstraint(
            model_name='Notification',
            constraint=CheckConstraint(check='(template_id IS NULL) <> (notice_id IS NULL)', name='notification_words'),
        ),
        ops.AddConstraint(
            model_name='Notification',
            constraint=UniqueConstraint(fields=('account_id', 'dedup'), name='notification_once_account', condition='account_id IS NOT NULL'),
        ),
        ops.AddConstraint(
            model_name='Notification',
            constraint=UniqueConstraint(fields=('staff_id', 'dedup'), name='notification_once_staff', condition='staff_id IS NOT NULL'),
        ),
        ops.AddConstraint(
            model_name='RecipientSettings',
            constraint=CheckConstraint(check='(account_id IS NULL) <> (staff_id IS NULL)', name='recipient_settings_of'),
        ),
        ops.AddConstraint(
            model_name='RecipientSettings',
            constraint=CheckConstraint(check="language IN ('zh-CN', 'en')", name='recipient_settings_language'),
        ),
        ops.AddConstraint(
            model_name='RecipientSettings',
            constraint=UniqueConstraint(fields=('account_id',), name='recipient_settings_account', condition='account_id IS NOT NULL'),
        ),
        ops.AddConstraint(
            model_name='RecipientSettings',
            constraint=UniqueConstraint(fields=('staff_id',), name='recipient_settings_staff', condition='staff_id IS NOT NULL'),
        ),
        ops.AddConstraint(
            model_name='SubscriptionBalance',
            constraint=CheckConstraint(check='remaining >= 0', name='subscription_balance_remaining'),
        ),
        ops.AddConstraint(
            model_name='WeChatTemplate',
            constraint=UniqueConstraint(fields=('form',), name='wechat_template_one', condition='replaced_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='WebhookEndpoint',
            constraint=CheckConstraint(check='(earlier_secret IS NULL) = (earlier_until IS NULL)', name='webhook_endpoint_earlier'),
        ),
        ops.AddConstraint(
            model_name='WebhookMessage',
            constraint=CheckConstraint(check="(state = 'DELIVERED') = (delivered_at IS NOT NULL)", name='webhook_message_delivered'),
        ),
    ]
