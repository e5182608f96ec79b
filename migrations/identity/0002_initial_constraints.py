from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('core', '0003_audit_trail')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='Account',
            constraint=CheckConstraint(check='(phone IS NULL) = (phone_index IS NULL)', name='account_phone_indexed'),
        ),
        ops.AddConstraint(
            model_name='App',
            constraint=CheckConstraint(check='rate_per_minute BETWEEN 1 AND 6000', name='app_rate'),
        ),
        ops.AddConstraint(
            model_name='App',
            constraint=CheckConstraint(check="grid_path ~ '^([0-9A-Za-z-]+/)+$'", name='app_path'),
        ),
        ops.AddConstraint(
            model_name='GridPost',
            constraint=CheckConstraint(check="grid_path ~ '^([0-9A-Za-z-]+/)+$'", name='grid_post_path'),
        ),
        ops.AddConstraint(
            model_name='GridPost',
            constraint=CheckConstraint(check='ends_on IS NULL OR ends_on >= starts_on', name='grid_post_period'),
        ),
        ops.AddConstraint(
            model_name='GridPost',
            constraint=CheckConstraint(check="(role IN ('DEPARTMENT', 'ENFORCEMENT')) <= (department_id IS NOT NULL)", name='grid_post_department'),
        ),
        ops.AddConstraint(
            model_name='RefreshToken',
            constraint=UniqueConstraint(fields=('session_id',), name='refresh_token_one_unused', condition='used_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='Session',
            constraint=CheckConstraint(check='(account_id IS NULL) <> (staff_id IS NULL)', name='session_of_one'),
        ),
        ops.AddConstraint(
            model_name='Session',
            constraint=CheckConstraint(check='(ended_at IS NULL) = (end_reason IS NULL)', name='session_end_has_a_reason'),
        ),
        ops.AddConstraint(
            model_name='SmsCode',
            constraint=CheckConstraint(check='tries BETWEEN 0 AND 5', name='sms_code_tries'),
        ),
        ops.AddConstraint(
            model_name='StaffMember',
            constraint=CheckConstraint(check='user_name = lower(user_name)', name='staff_member_user_name_lower'),
        ),
        ops.AddConstraint(
            model_name='StaffMember',
            constraint=CheckConstraint(check='(totp_secret IS NULL) = (totp_confirmed_at IS NULL)', name='staff_member_totp_confirmed'),
        ),
    ]
