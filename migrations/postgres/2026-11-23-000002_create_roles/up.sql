-- A user may do what any of the user's roles may, and what was granted to the user alone.
CREATE TABLE roles (
    name VARCHAR(64) COLLATE "C" PRIMARY KEY
);

CREATE TABLE role_permissions (
    role       VARCHAR(64) COLLATE "C" NOT NULL REFERENCES roles (name),
    permission VARCHAR(64) COLLATE "C" NOT NULL,
    PRIMARY KEY (role, permission)
);

CREATE TABLE user_roles (
    user_id BIGINT                  NOT NULL REFERENCES users (id),
    role    VARCHAR(64) COLLATE "C" NOT NULL REFERENCES roles (name),
    PRIMARY KEY (user_id, role)
);

CREATE TABLE user_permissions (
    user_id    BIGINT                  NOT NULL REFERENCES users (id),
    permission VARCHAR(64) COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, permission)
);
