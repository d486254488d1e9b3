//! HEAD: what a file says of itself.

/// The cells of HEAD, as they stand there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// Its line.
    pub line: u64,
    /// `MessageVersion`.
    pub message_version: String,
    /// `Profile`.
    pub profile: String,
    /// `ProfileVersion`.
    pub profile_version: String,
    /// `MessageId`.
    pub message_id: String,
    /// `MessageCreatedDateTime`.
    pub created: String,
    /// `FileNumber`.
    pub file_number: Option<u64>,
    /// `NumberOfFiles`.
    pub files: Option<u64>,
    /// `UsageStartDate`.
    pub from: String,
    /// `UsageEndDate`.
    pub to: String,
    /// `SenderPartyId`.
    pub sender_id: String,
    /// `SenderName`.
    pub sender_name: String,
    /// `ServiceDescription`.
    pub service: String,
    /// `RecipientPartyId`.
    pub recipient_id: String,
    /// `RecipientName`.
    pub recipient_name: String,
}

impl Head {
    /// Reads the cells by their places; absent ones are empty.
    pub(super) fn read(line: u64, text: &str) -> Self {
        let mut cells = text.split('\t').skip(1).map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        Self {
            line,
            message_version: next(),
            profile: next(),
            profile_version: next(),
            message_id: next(),
            created: next(),
            file_number: next().parse().ok(),
            files: next().parse().ok(),
            from: next(),
            to: next(),
            sender_id: next(),
            sender_name: next(),
            service: next(),
            recipient_id: next(),
            recipient_name: next(),
        }
    }
}
