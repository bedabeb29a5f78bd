-- Which of our users somebody else's token means: its issuer (empty when it does not say) and the issuer's own name for the user.
-- A row is never changed: what it says is remembered. Compared byte for byte: VARBINARY, because every text of MySQL's that
-- MariaDB has too takes "ana" and "ana " for the same name.
CREATE TABLE IF NOT EXISTS external_subjects (
    issuer  VARBINARY(255) NOT NULL,
    subject VARBINARY(255) NOT NULL,
    user_id BIGINT         NOT NULL,
    PRIMARY KEY (issuer, subject),
    KEY external_subjects_by_user (user_id),
    FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
