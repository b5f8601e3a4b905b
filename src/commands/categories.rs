//! ACL categories: which commands an administrator allows or forbids together.
//!
//! They follow from what a command declares anyway: its flags and its group. Only where Redis counts a command
//! among others than its group says does its specification name the categories itself. Deliberately absent:
//! users and their rights.
//!
//! Source: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>.

use super::spec::{Flag, Group, Row};

/// A category, in the order in which Redis prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Category {
    /// Keys of any type, or the key space as a whole.
    Keyspace = 1 << 0,
    /// Reads data.
    Read = 1 << 1,
    /// Writes data.
    Write = 1 << 2,
    /// Sets.
    Set = 1 << 3,
    /// Sorted sets.
    SortedSet = 1 << 4,
    /// Lists.
    List = 1 << 5,
    /// Hashes.
    Hash = 1 << 6,
    /// Strings.
    String = 1 << 7,
    /// Bits in strings.
    Bitmap = 1 << 8,
    /// Estimated cardinalities.
    Hyperloglog = 1 << 9,
    /// Positions on the globe.
    Geo = 1 << 10,
    /// Streams.
    Stream = 1 << 11,
    /// Publish and subscribe.
    Pubsub = 1 << 12,
    /// For administrators.
    Admin = 1 << 13,
    /// Constant or logarithmic time.
    Fast = 1 << 14,
    /// All that is not fast.
    Slow = 1 << 15,
    /// May block the client.
    Blocking = 1 << 16,
    /// Better kept from most users.
    Dangerous = 1 << 17,
    /// The connection itself.
    Connection = 1 << 18,
    /// MULTI and what belongs to it.
    Transaction = 1 << 19,
    /// Scripts and functions.
    Scripting = 1 << 20,
}

impl Category {
    /// All of them with their names, without the `@`, in Redis's order.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Keyspace, "keyspace"),
        (Self::Read, "read"),
        (Self::Write, "write"),
        (Self::Set, "set"),
        (Self::SortedSet, "sortedset"),
        (Self::List, "list"),
        (Self::Hash, "hash"),
        (Self::String, "string"),
        (Self::Bitmap, "bitmap"),
        (Self::Hyperloglog, "hyperloglog"),
        (Self::Geo, "geo"),
        (Self::Stream, "stream"),
        (Self::Pubsub, "pubsub"),
        (Self::Admin, "admin"),
        (Self::Fast, "fast"),
        (Self::Slow, "slow"),
        (Self::Blocking, "blocking"),
        (Self::Dangerous, "dangerous"),
        (Self::Connection, "connection"),
        (Self::Transaction, "transaction"),
        (Self::Scripting, "scripting"),
    ];

    /// The category called `name`, in any case, without the `@`.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, each)| each.as_bytes().eq_ignore_ascii_case(name));
        found.map(|(category, _)| *category)
    }

    /// Whether it says how a command behaves rather than what it is about.
    const fn is_manner(self) -> bool {
        matches!(self, Self::Dangerous | Self::Admin)
    }

    /// What a group's commands are about; none for those that Redis gives no category.
    const fn of_group(group: Group) -> Option<Self> {
        Some(match group {
            Group::Generic => Self::Keyspace,
            Group::String => Self::String,
            Group::List => Self::List,
            Group::Set => Self::Set,
            Group::SortedSet => Self::SortedSet,
            Group::Hash => Self::Hash,
            Group::Transactions => Self::Transaction,
            Group::Connection => Self::Connection,
            Group::Scripting => Self::Scripting,
            Group::Hyperloglog => Self::Hyperloglog,
            Group::Geo => Self::Geo,
            Group::Stream => Self::Stream,
            Group::Bitmap => Self::Bitmap,
            // For these the flag says it.
            Group::Pubsub | Group::Server | Group::Cluster => return None,
        })
    }
}

/// A set of [`Category`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Categories(u32);

impl Categories {
    /// The categories of the command in `row`.
    ///
    /// A container that cannot run by itself is only slow: what matters is the subcommand's.
    #[must_use]
    pub fn of(row: &Row) -> Self {
        let mut categories = Self::default();
        categories.add(if row.flags.has(Flag::Fast) { Category::Fast } else { Category::Slow });
        if row.is_only_container() {
            return categories;
        }
        for (flag, category) in IMPLIED {
            if row.flags.has(*flag) {
                categories.add(*category);
            }
        }
        // A script that only reads may still be given keys that it is not to read.
        if row.flags.has(Flag::Readonly) && row.spec.group != Group::Scripting {
            categories.add(Category::Read);
        }
        row.spec.categories.iter().for_each(|category| categories.add(*category));
        if row.spec.categories.iter().all(|category| category.is_manner()) {
            Category::of_group(row.spec.group).into_iter().for_each(|category| categories.add(category));
        }
        categories
    }

    /// Whether `category` is in the set.
    #[must_use]
    pub const fn has(self, category: Category) -> bool {
        self.0 & category as u32 != 0
    }

    /// The names of the categories in the set, in Redis's order, without the `@`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Category::ALL.iter().filter(move |(category, _)| self.has(*category)).map(|(_, name)| *name)
    }

    fn add(&mut self, category: Category) {
        self.0 |= category as u32;
    }
}

/// The categories that a flag brings with it.
const IMPLIED: &[(Flag, Category)] = &[
    (Flag::Write, Category::Write),
    (Flag::Admin, Category::Admin),
    (Flag::Admin, Category::Dangerous),
    (Flag::Pubsub, Category::Pubsub),
    (Flag::Blocking, Category::Blocking),
];
