//! The tables, as `diesel print-schema` writes them (with BIGINT for every integer key).

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        password_hash -> Text,
        manager_id -> Nullable<BigInt>,
        token_generation -> BigInt,
        tokens_cut_at_ms -> BigInt,
        disabled_at_ms -> BigInt,
        created_at_ms -> BigInt,
    }
}

diesel::table! {
    roles (name) {
        name -> Text,
    }
}

diesel::table! {
    role_permissions (role, permission) {
        role -> Text,
        permission -> Text,
    }
}

diesel::table! {
    user_roles (user_id, role) {
        user_id -> BigInt,
        role -> Text,
    }
}

diesel::table! {
    user_permissions (user_id, permission) {
        user_id -> BigInt,
        permission -> Text,
    }
}

diesel::table! {
    external_subjects (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        user_id -> BigInt,
    }
}

diesel::table! {
    inboxes (user_id) {
        user_id -> BigInt,
        last_id -> BigInt,
        unread -> BigInt,
    }
}

diesel::table! {
    notifications (user_id, id) {
        user_id -> BigInt,
        id -> BigInt,
        title -> Text,
        content -> Text,
        level -> Text,
        notification_type -> Text,
        link -> Text,
        is_read -> Bool,
        created_at_ms -> BigInt,
        pushed_at_ms -> BigInt,
        push_reached -> BigInt,
        push_result -> Text,
    }
}

diesel::table! {
    idempotency_keys (user_id, route, idempotency_key) {
        user_id -> BigInt,
        route -> Text,
        idempotency_key -> Text,
        body_digest -> Text,
        answer -> Text,
        is_final -> Bool,
        created_at_ms -> BigInt,
    }
}

diesel::table! {
    export_tasks (id) {
        id -> BigInt,
        token -> Text,
        user_id -> BigInt,
        title -> Text,
        prefix -> Text,
        format -> Text,
        state -> Text,
        total_rows -> BigInt,
        done_rows -> BigInt,
        reason -> Text,
        file -> Text,
        file_bytes -> BigInt,
        attempt -> BigInt,
        claim -> Text,
        lease_until_ms -> BigInt,
        link_key -> Text,
        notification_id -> BigInt,
        created_at_ms -> BigInt,
        started_at_ms -> BigInt,
        finished_at_ms -> BigInt,
        expires_at_ms -> BigInt,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> BigInt,
        at_ms -> BigInt,
        actor_id -> BigInt,
        actor -> Text,
        address -> Text,
        action -> Text,
        target_kind -> Text,
        target -> Text,
        result -> Text,
        detail -> Text,
    }
}

diesel::table! {
    access_changes (id) {
        id -> BigInt,
        changes -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    roles,
    role_permissions,
    user_roles,
    user_permissions,
    external_subjects,
    inboxes,
    notifications,
    idempotency_keys,
    export_tasks,
    audit_entries,
    access_changes,
);
