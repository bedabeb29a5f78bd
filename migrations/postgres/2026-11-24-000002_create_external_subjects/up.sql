-- Which of our users somebody else's token means: its issuer (empty when it does not say) and the issuer's own name for the user.
-- A row is never changed: what it says is remembered. Compared byte for byte.
CREATE TABLE external_subjects (
    issuer  VARCHAR(255) COLLATE "C" NOT NULL,
    subject VARCHAR(255) COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX external_subjects_by_user ON external_subjects (user_id);
