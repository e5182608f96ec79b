from tortoise import migrations
from tortoise.migrations import operations as ops
from core.create_models import CreateModels
from core.crypto import EncryptedField
from core.ids import uuid7
from notifications.models.channels import SubscriptionChange, SubscriptionSource, WeChatForm
from notifications.models.messages import AttemptOutcome, Channel, DeliveryState
from notifications.models.notices import NoticeKind, NoticeState
from notifications.models.webhooks import WebhookState
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE channel_pause
    ADD CONSTRAINT channel_pause_period CHECK (until IS NULL OR until > paused_at);
ALTER TABLE delivery
    ADD CONSTRAINT delivery_claimed CHECK ((state = 'SENDING') = (claimed_until IS NOT NULL)),
    ADD CONSTRAINT delivery_sent CHECK ((state = 'SENT') <= (sent_at IS NOT NULL));
ALTER TABLE followed_place
    ADD CONSTRAINT followed_place_radius CHECK (radius BETWEEN 0 AND 2000);
ALTER TABLE message_template
    ADD CONSTRAINT message_template_version CHECK (version >= 1),
    ADD CONSTRAINT message_template_author CHECK (shipped = (author_id IS NULL));
ALTER TABLE notice
    ADD CONSTRAINT notice_path CHECK (grid_path ~ '^([0-9A-Za-z-]+/)+$'),
    ADD CONSTRAINT notice_point CHECK (num_nonnulls(latitude, longitude, radius) IN (0, 3)),
    ADD CONSTRAINT notice_radius CHECK (radius IS NULL OR radius BETWEEN 50 AND 5000),
    ADD CONSTRAINT notice_at CHECK ((state IN ('DRAFT', 'CANCELLED')) OR send_at IS NOT NULL),
    ADD CONSTRAINT notice_emergency CHECK (NOT emergency OR reason <> ''),
    ADD CONSTRAINT notice_sent CHECK ((state = 'SENT') = (sent_at IS NOT NULL));
ALTER TABLE notification
    ADD CONSTRAINT notification_of_one CHECK ((account_id IS NULL) <> (staff_id IS NULL)),
    ADD CONSTRAINT notification_words CHECK ((template_id IS NULL) <> (notice_id IS NULL));
ALTER TABLE recipient_settings
    ADD CONSTRAINT recipient_settings_of CHECK ((account_id IS NULL) <> (staff_id IS NULL)),
    ADD CONSTRAINT recipient_settings_language CHECK (language IN ('zh-CN', 'en'));
ALTER TABLE subscription_balance
    ADD CONSTRAINT subscription_balance_remaining CHECK (remaining >= 0);
ALTER TABLE webhook_endpoint
    ADD CONSTRAINT webhook_endpoint_earlier CHECK ((earlier_secret IS NULL) = (earlier_until IS NULL));
ALTER TABLE webhook_message
    ADD CONSTRAINT webhook_message_delivered CHECK ((state = 'DELIVERED') = (delivered_at IS NOT NULL));
CREATE UNIQUE INDEX channel_pause_one ON channel_pause (channel)
    WHERE ended_at IS NULL;
CREATE UNIQUE INDEX message_template_in_force ON message_template (topic)
    WHERE in_force;
CREATE UNIQUE INDEX notification_once_account ON notification (account_id, dedup)
    WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX notification_once_staff ON notification (staff_id, dedup)
    WHERE staff_id IS NOT NULL;
CREATE UNIQUE INDEX recipient_settings_account ON recipient_settings (account_id)
    WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX recipient_settings_staff ON recipient_settings (staff_id)
    WHERE staff_id IS NOT NULL;
CREATE UNIQUE INDEX wechat_template_one ON wechat_template (form)
    WHERE replaced_at IS NULL
"""

# Grid paths and codes compare byte by byte: "beneath this grid" is a range of an index.
BYTEWISE = """
ALTER TABLE notice ALTER COLUMN grid_path TYPE varchar(200) COLLATE "C"
"""


class Migration(migrations.Migration):
    dependencies = [('identity', '0005_session_parted'), ('landlord', '0001_initial')]

    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='ChannelPause',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('channel', fields.CharEnumField(description='WECHAT: WECHAT\nSMS: SMS', enum_type=Channel, max_length=10)),
                    ('reason', fields.CharField(description='of staff, or a code of ours', max_length=200)),
                    ('paused_by', fields.UUIDField(null=True, description='nobody: the service paused itself')),
                    ('paused_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('until', fields.DatetimeField(null=True, description='ends by itself then', auto_now=False, auto_now_add=False)),
                    ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'channel_pause', 'app': 'notifications', 'constraints': [UniqueConstraint(fields=('channel',), name='channel_pause_one', condition='ended_at IS NULL'), CheckConstraint(check='until IS NULL OR until > paused_at', name='channel_pause_period')], 'pk_attr': 'id', 'table_description': 'Nothing is sent on a channel for now; what waits is sent afterwards.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='FollowedPlace',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='followed_places', on_delete=OnDelete.CASCADE)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='followers', on_delete=OnDelete.CASCADE)),
                    ('radius', fields.IntField(description='metres around it; 0: the place itself only')),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'followed_place', 'app': 'notifications', 'unique_together': (('account_id', 'place_id'),), 'constraints': [CheckConstraint(check='radius BETWEEN 0 AND 2000', name='followed_place_radius')], 'indexes': [Index(fields=['place_id', 'account_id'], name='followed_place_of')], 'pk_attr': 'id', 'table_description': 'A place, mostly a home, about which and around which an account wants to hear.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='MessageTemplate',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('topic', fields.CharField(max_length=40)),
                    ('version', fields.IntField(description='1 and up')),
                    ('shipped', fields.BooleanField(description='came with the program; otherwise staff wrote it')),
                    ('title_zh', fields.CharField(max_length=60)),
                    ('body_zh', fields.CharField(max_length=500)),
                    ('title_en', fields.CharField(max_length=120)),
                    ('body_en', fields.CharField(max_length=1000)),
                    ('form_values', fields.JSONField(description='slot of the WeChat form → text with braces (zh-CN)', encoder=JSON_DUMPS, decoder=loads)),
                    ('in_force', fields.BooleanField(description='new notifications are made from it')),
                    ('author_id', fields.UUIDField(null=True, description='the member of staff who wrote it')),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'message_template', 'app': 'notifications', 'unique_together': (('topic', 'version'),), 'constraints': [UniqueConstraint(fields=('topic',), name='message_template_in_force', condition='in_force'), CheckConstraint(check='version >= 1', name='message_template_version'), CheckConstraint(check='shipped = (author_id IS NULL)', name='message_template_author')], 'pk_attr': 'id', 'table_description': 'One version of the text of a topic, in both languages; never changed, only followed.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Notice',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('author', fields.ForeignKeyField('identity.StaffMember', source_field='author_id', db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.RESTRICT)),
                    ('kind', fields.CharEnumField(description='NOTICE: NOTICE\nANNOUNCEMENT: ANNOUNCEMENT\nAREA_ALERT: AREA_ALERT', enum_type=NoticeKind, max_length=15)),
                    ('title_zh', fields.CharField(max_length=60)),
                    ('body_zh', fields.TextField(unique=False)),
                    ('title_en', fields.CharField(default='', max_length=120)),
                    ('body_en', fields.TextField(default='', unique=False)),
                    ('grid_code', fields.CharField(max_length=40)),
                    ('grid_path', fields.CharField(description='codes from the top down, each with a slash', max_length=200)),
                    ('audience', fields.JSONField(description='of Audience', encoder=JSON_DUMPS, decoder=loads)),
                    ('latitude', fields.FloatField(null=True, description='CGCS2000, centre of an alert')),
                    ('longitude', fields.FloatField(null=True)),
                    ('radius', fields.IntField(null=True, description='metres')),
                    ('emergency', fields.BooleanField(default=False, description='overrides quiet hours')),
                    ('reason', fields.CharField(default='', description='why it is an emergency', max_length=200)),
                    ('sender', fields.ForeignKeyField('identity.StaffMember', source_field='sender_id', null=True, db_constraint=True, to_field='id', related_name='notices_sent', on_delete=OnDelete.RESTRICT)),
                    ('state', fields.CharEnumField(default=NoticeState.DRAFT, description='DRAFT: DRAFT\nSCHEDULED: SCHEDULED\nSENDING: SENDING\nSENT: SENT\nCANCELLED: CANCELLED', enum_type=NoticeState, max_length=10)),
                    ('send_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('planned_part', fields.IntField(default=0, description='of the audience, when it is SENDING')),
                    ('planned_up_to', fields.UUIDField(null=True, description='last recipient planned in that part')),
                    ('recipients', fields.IntField(default=0)),
                    ('sent_at', fields.DatetimeField(null=True, description='everybody is planned', auto_now=False, auto_now_add=False)),
                    ('shown_until', fields.DatetimeField(null=True, description='an announcement is public until then', auto_now=False, auto_now_add=False)),
                    ('version', fields.IntField(default=1)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ],
                options={'table': 'notice', 'app': 'notifications', 'constraints': [CheckConstraint(check="grid_path ~ '^([0-9A-Za-z-]+/)+$'", name='notice_path'), CheckConstraint(check='num_nonnulls(latitude, longitude, radius) IN (0, 3)', name='notice_point'), CheckConstraint(check='radius IS NULL OR radius BETWEEN 50 AND 5000', name='notice_radius'), CheckConstraint(check="(state IN ('DRAFT', 'CANCELLED')) OR send_at IS NOT NULL", name='notice_at'), CheckConstraint(check="NOT emergency OR reason <> ''", name='notice_emergency'), CheckConstraint(check="(state = 'SENT') = (sent_at IS NOT NULL)", name='notice_sent')], 'indexes': [Index(fields=['grid_path', 'created_at', 'id'], name='notice_of_grid'), Index(fields=['state', 'send_at'], name='notice_due'), Index(fields=['sent_at', 'id'], name='notice_public'), Index(fields=['sender_id', 'send_at'], name='notice_of_sender')], 'pk_attr': 'id', 'table_description': 'Words of staff to everybody of some kind in a grid, or around a point in it.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Notification',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='notifications', on_delete=OnDelete.CASCADE)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='notifications', on_delete=OnDelete.CASCADE)),
                    ('topic', fields.CharField(max_length=40)),
                    ('template', fields.ForeignKeyField('notifications.MessageTemplate', source_field='template_id', null=True, db_constraint=True, to_field='id', related_name='notifications', on_delete=OnDelete.RESTRICT)),
                    ('notice', fields.ForeignKeyField('notifications.Notice', source_field='notice_id', null=True, db_constraint=True, to_field='id', related_name='notifications', on_delete=OnDelete.CASCADE)),
                    ('params', fields.JSONField(description='what fills the template: names of places and listings, times; no person', encoder=JSON_DUMPS, decoder=loads)),
                    ('subject_kind', fields.CharField(default='', description='type name in the schema', max_length=30)),
                    ('subject_id', fields.UUIDField(null=True, description='what it is about')),
                    ('emergency', fields.BooleanField(default=False, description='overrides quiet hours')),
                    ('dedup', fields.CharField(description='the same happening is told to the same recipient once', max_length=100)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('read_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'notification', 'app': 'notifications', 'constraints': [CheckConstraint(check='(account_id IS NULL) <> (staff_id IS NULL)', name='notification_of_one'), CheckConstraint(check='(template_id IS NULL) <> (notice_id IS NULL)', name='notification_words'), UniqueConstraint(fields=('account_id', 'dedup'), name='notification_once_account', condition='account_id IS NOT NULL'), UniqueConstraint(fields=('staff_id', 'dedup'), name='notification_once_staff', condition='staff_id IS NOT NULL')], 'indexes': [Index(fields=['account_id', 'created_at', 'id'], name='notification_of_account'), Index(fields=['staff_id', 'created_at', 'id'], name='notification_of_staff'), PartialIndex(fields=['account_id', 'created_at', 'id'], name='notification_unread_account', condition={'(read_at IS NULL)': True}), PartialIndex(fields=['staff_id', 'created_at', 'id'], name='notification_unread_staff', condition={'(read_at IS NULL)': True}), Index(fields=['notice_id', 'read_at'], name='notification_of_notice')], 'pk_attr': 'id', 'table_description': 'Something that somebody is told, written in the transaction of what it tells of.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Delivery',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('notification', fields.ForeignKeyField('notifications.Notification', source_field='notification_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE)),
                    ('channel', fields.CharEnumField(description='WECHAT: WECHAT\nSMS: SMS', enum_type=Channel, max_length=10)),
                    ('state', fields.CharEnumField(default=DeliveryState.PLANNED, description='PLANNED: PLANNED\nSENDING: SENDING\nSENT: SENT\nFAILED: FAILED\nSKIPPED: SKIPPED', enum_type=DeliveryState, max_length=10)),
                    ('reason', fields.CharField(default='', description='why it failed or was skipped: a code', max_length=60)),
                    ('attempts', fields.IntField(default=0)),
                    ('due_at', fields.DatetimeField(description='not before; quiet hours and back-off move it', auto_now=False, auto_now_add=False)),
                    ('claimed_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('provider_ref', fields.CharField(null=True, description="the provider's id of the message", max_length=64)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('sent_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('arrived_at', fields.DatetimeField(null=True, description='when the provider said that it arrived', auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'delivery', 'app': 'notifications', 'unique_together': (('notification_id', 'channel'),), 'constraints': [CheckConstraint(check="(state = 'SENDING') = (claimed_until IS NOT NULL)", name='delivery_claimed'), CheckConstraint(check="(state = 'SENT') <= (sent_at IS NOT NULL)", name='delivery_sent')], 'indexes': [Index(fields=['created_at', 'id'], name='delivery_log'), Index(fields=['state', 'created_at', 'id'], name='delivery_log_of_state'), Index(fields=['state', 'due_at'], name='delivery_open'), Index(fields=['provider_ref'], name='delivery_ref')], 'pk_attr': 'id', 'table_description': 'One notification on one channel. ``claimed_until``: a worker is sending it until then.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='DeliveryAttempt',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('delivery', fields.ForeignKeyField('notifications.Delivery', source_field='delivery_id', db_constraint=True, to_field='id', related_name='log', on_delete=OnDelete.CASCADE)),
                    ('number', fields.IntField(description='1 and up')),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('outcome', fields.CharEnumField(default=AttemptOutcome.STARTED, description='STARTED: STARTED\nSENT: SENT\nRETRY: RETRY\nREFUSED: REFUSED\nUNKNOWN: UNKNOWN', enum_type=AttemptOutcome, max_length=10)),
                    ('code', fields.CharField(default='', description="the provider's code, or our kind of error", max_length=60)),
                ],
                options={'table': 'delivery_attempt', 'app': 'notifications', 'unique_together': (('delivery_id', 'number'),), 'pk_attr': 'id', 'table_description': 'One attempt to send, on record before it is made.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Preference',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='preferences', on_delete=OnDelete.CASCADE)),
                    ('group', fields.CharField(source_field='topic_group', max_length=30)),
                    ('channel', fields.CharEnumField(description='WECHAT: WECHAT\nSMS: SMS', enum_type=Channel, max_length=10)),
                    ('wanted', fields.BooleanField()),
                ],
                options={'table': 'notification_preference', 'app': 'notifications', 'unique_together': (('account_id', 'group', 'channel'),), 'pk_attr': 'id', 'table_description': "Whether a group of topics may use a channel; without a row the group's default holds."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='RecipientSettings',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='recipient_settings', on_delete=OnDelete.CASCADE)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='recipient_settings', on_delete=OnDelete.CASCADE)),
                    ('language', fields.CharField(null=True, description='zh-CN or en; nothing: zh-CN, where no request says otherwise', max_length=5)),
                    ('quiet_from', fields.TimeField(auto_now=False, auto_now_add=False)),
                    ('quiet_until', fields.TimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'recipient_settings', 'app': 'notifications', 'constraints': [CheckConstraint(check='(account_id IS NULL) <> (staff_id IS NULL)', name='recipient_settings_of'), CheckConstraint(check="language IN ('zh-CN', 'en')", name='recipient_settings_language'), UniqueConstraint(fields=('account_id',), name='recipient_settings_account', condition='account_id IS NOT NULL'), UniqueConstraint(fields=('staff_id',), name='recipient_settings_staff', condition='staff_id IS NOT NULL')], 'pk_attr': 'id', 'table_description': 'Language and quiet hours of somebody; without a row zh-CN and 22:00 to 08:00 hold.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SubscriptionBalance',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('wechat_user', fields.ForeignKeyField('identity.WeChatUser', source_field='wechat_user_id', db_constraint=True, to_field='id', related_name='subscriptions', on_delete=OnDelete.CASCADE)),
                    ('template_id', fields.CharField(max_length=64)),
                    ('remaining', fields.IntField(default=0)),
                    ('always', fields.BooleanField(default=False, description='a long-term subscription is on')),
                    ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'subscription_balance', 'app': 'notifications', 'unique_together': (('wechat_user_id', 'template_id'),), 'constraints': [CheckConstraint(check='remaining >= 0', name='subscription_balance_remaining')], 'pk_attr': 'id', 'table_description': 'How many messages of a template somebody may still be sent.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SubscriptionEntry',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('wechat_user', fields.ForeignKeyField('identity.WeChatUser', source_field='wechat_user_id', db_constraint=True, to_field='id', related_name='subscription_entries', on_delete=OnDelete.CASCADE)),
                    ('template_id', fields.CharField(max_length=64)),
                    ('change', fields.CharEnumField(description='ACCEPTED: ACCEPTED\nREJECTED: REJECTED\nSPENT: SPENT\nRETURNED: RETURNED\nUSED_UP: USED_UP', enum_type=SubscriptionChange, max_length=10)),
                    ('source', fields.CharEnumField(description='CLIENT: CLIENT\nPUSH: PUSH\nSENDING: SENDING', enum_type=SubscriptionSource, max_length=10)),
                    ('key', fields.CharField(unique=True, max_length=100)),
                    ('paired_key', fields.CharField(null=True, description='the same accept, as the other source told of it', max_length=100)),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'subscription_entry', 'app': 'notifications', 'indexes': [Index(fields=['wechat_user_id', 'template_id', 'at'], name='subscription_entry_of'), Index(fields=['at'], name='subscription_entry_age')], 'pk_attr': 'id', 'table_description': 'One line of the ledger from which the balance follows; ``key`` makes a repeat harmless.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='WeChatTemplate',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('form', fields.CharEnumField(description='RESULT: RESULT\nAPPOINTMENT: APPOINTMENT\nMESSAGE: MESSAGE\nSAFETY: SAFETY\nNOTICE: NOTICE', enum_type=WeChatForm, max_length=15)),
                    ('template_id', fields.CharField(description="as WeChat's console shows it", max_length=64)),
                    ('keys', fields.JSONField(description="slot of the form → WeChat's key, such as thing1", encoder=JSON_DUMPS, decoder=loads)),
                    ('long_term', fields.BooleanField(default=False, description='one accept for good (长期订阅)')),
                    ('author_id', fields.UUIDField(null=True, description='the member of staff who entered it')),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('replaced_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'wechat_template', 'app': 'notifications', 'constraints': [UniqueConstraint(fields=('form',), name='wechat_template_one', condition='replaced_at IS NULL')], 'indexes': [Index(fields=['template_id'])], 'pk_attr': 'id', 'table_description': 'The template at WeChat for a form: its id and which of its keys takes which slot.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='WebhookEndpoint',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('app', fields.ForeignKeyField('identity.App', source_field='app_id', db_constraint=True, to_field='id', related_name='webhooks', on_delete=OnDelete.CASCADE)),
                    ('url', fields.CharField(max_length=500)),
                    ('kinds', fields.JSONField(description='kinds of events', encoder=JSON_DUMPS, decoder=loads)),
                    ('secret', EncryptedField(description='shown once; signs every message', unique=False)),
                    ('earlier_secret', EncryptedField(null=True, description='signs too, for a day after a change', unique=False)),
                    ('earlier_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('disabled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('disabled_reason', fields.CharField(default='', description='a code', max_length=40)),
                    ('failing_since', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('paused_until', fields.DatetimeField(null=True, description='the receiver asked for it (Retry-After)', auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'webhook_endpoint', 'app': 'notifications', 'constraints': [CheckConstraint(check='(earlier_secret IS NULL) = (earlier_until IS NULL)', name='webhook_endpoint_earlier')], 'indexes': [Index(fields=['app_id', 'created_at'])], 'pk_attr': 'id', 'table_description': "An address of an app that hears of kinds of events within the app's grid."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='WebhookMessage',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('endpoint', fields.ForeignKeyField('notifications.WebhookEndpoint', source_field='endpoint_id', db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.CASCADE)),
                    ('kind', fields.CharField(max_length=40)),
                    ('payload', fields.JSONField(description='ids, codes and times: an app asks the API for more', encoder=JSON_DUMPS, decoder=loads)),
                    ('test', fields.BooleanField(default=False)),
                    ('state', fields.CharEnumField(default=WebhookState.PENDING, description='PENDING: PENDING\nDELIVERED: DELIVERED\nFAILED: FAILED', enum_type=WebhookState, max_length=10)),
                    ('attempts', fields.IntField(default=0)),
                    ('attempts_before', fields.IntField(default=0, description='made when it was last sent anew')),
                    ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('claimed_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('delivered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'webhook_message', 'app': 'notifications', 'constraints': [CheckConstraint(check="(state = 'DELIVERED') = (delivered_at IS NOT NULL)", name='webhook_message_delivered')], 'indexes': [Index(fields=['endpoint_id', 'created_at', 'id'], name='webhook_message_log'), PartialIndex(fields=['due_at'], name='webhook_message_open', condition={'state': 'PENDING'}), Index(fields=['created_at'], name='webhook_message_age')], 'pk_attr': 'id', 'table_description': 'One event for one endpoint; its id is the message id that the app sees.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='WebhookAttempt',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('message', fields.ForeignKeyField('notifications.WebhookMessage', source_field='message_id', db_constraint=True, to_field='id', related_name='log', on_delete=OnDelete.CASCADE)),
                    ('number', fields.IntField(description='1 and up')),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('milliseconds', fields.IntField(null=True)),
                    ('status', fields.IntField(null=True, description='of HTTP; nothing: no answer')),
                    ('error', fields.CharField(default='', description='a code when there was no answer', max_length=40)),
                ],
                options={'table': 'webhook_attempt', 'app': 'notifications', 'unique_together': (('message_id', 'number'),), 'pk_attr': 'id', 'table_description': 'One attempt to hand a message over.'},
                bases=['Model'],
            ),
        ),
        ops.RunSQL(CONSTRAINTS, ""),
        ops.RunSQL(BYTEWISE, ""),
    ]
