using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using WireGate.Core.Credentials;

namespace WireGate.Storage;

/// <summary>
/// The one connection to the store's file. The process owns the file as long as it is open; used by one thread at a time.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>Version of the tables. A file of a newer version is refused: an older program must not guess at its meaning.</summary>
    internal const int SchemaVersion = 3;

    // "WGst": tells our file from any other SQLite database.
    private const int ApplicationId = 0x57477374;

    // A predecessor that is shutting down lets go within a second.
    private const int BusySeconds = 2;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Of each version but the first: what makes it of the one before.
    private static readonly string[] Upgrades =
    [
        "ALTER TABLE placeholders ADD COLUMN claims TEXT NOT NULL DEFAULT '{}'",
        """
        CREATE TABLE approvals (
            id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, created INTEGER NOT NULL,
            digest BLOB NOT NULL, key BLOB NOT NULL, display TEXT NOT NULL, request TEXT NOT NULL, course TEXT NOT NULL
        );
        CREATE INDEX approvals_created ON approvals (created);
        CREATE INDEX approvals_state ON approvals (state, created);
        """,
    ];

    // Of the first version; a new file is upgraded like an old one, so that there is only one way to be of the newest.
    private const string Tables = """
        CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE placeholders (
            id TEXT PRIMARY KEY NOT NULL,
            issuer TEXT NOT NULL, subject TEXT NOT NULL, groups TEXT NOT NULL,
            targets TEXT NOT NULL, login TEXT, sources TEXT NOT NULL,
            not_before INTEGER NOT NULL, expires INTEGER NOT NULL, session INTEGER, uses_left INTEGER CHECK (uses_left >= 0),
            parent TEXT,
            minter_issuer TEXT NOT NULL, minter_subject TEXT NOT NULL, minter_groups TEXT NOT NULL, minted INTEGER NOT NULL,
            revoked INTEGER,
            hash BLOB NOT NULL, salt BLOB NOT NULL, iterations INTEGER NOT NULL, stored_key BLOB NOT NULL, server_key BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX placeholders_expires ON placeholders (expires);
        """;

    private readonly string _path;
    private readonly SqliteConnection _connection;

    private SqliteDatabase(string path)
    {
        _path = path;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = BusySeconds,
        }.ToString());
    }

    /// <summary>Opens the file, and makes it if there is none.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be opened, is not ours, damaged, newer, or owned by another process.</exception>
    internal static SqliteDatabase Open(string path)
    {
        SqliteLibrary.Require();
        RequireFile(path);
        SqliteDatabase database = new(path);
        try
        {
            database.Try(database.Prepare);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>The library's own; for whoever knows that nothing is under way.</summary>
    internal SQLitePCL.sqlite3 Handle => _connection.Handle!;

    /// <summary>Runs one transaction.</summary>
    /// <param name="work">Returning false rolls back.</param>
    /// <exception cref="StoreUnavailableException">The store failed; nothing was written.</exception>
    internal void Transact(Func<bool> work) => Try(() =>
    {
        // By commands of our own: what fails for want of space rolls back by itself, of which a SqliteTransaction knows nothing.
        RollBack();

        // The write lock is taken at once.
        Execute("BEGIN IMMEDIATE");
        try
        {
            Execute(work() ? "COMMIT" : "ROLLBACK");
        }
        catch
        {
            TryRollBack();
            throw;
        }
    });

    /// <summary>Runs one statement and gives the number of rows it touched.</summary>
    internal int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Reads all rows of a query.</summary>
    internal List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        using SqliteDataReader reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>A random key that is made once in the life of the store; the caller clears it.</summary>
    /// <exception cref="StoreUnavailableException">The store failed, or holds no sound key.</exception>
    internal byte[] KeyOf(string name, int length)
    {
        byte[]? key = null;
        Transact(() =>
        {
            Execute("INSERT INTO meta (name, value) SELECT @name, @value WHERE NOT EXISTS (SELECT 1 FROM meta WHERE name = @name)",
                ("@name", name), ("@value", RandomNumberGenerator.GetBytes(length)));
            using SqliteCommand command = Command("SELECT value FROM meta WHERE name = @name", ("@name", name));
            key = command.ExecuteScalar() as byte[];
            return true;
        });
        return key?.Length == length ? key : throw new StoreUnavailableException($"store {_path}: its key {name} is damaged; restore a backup");
    }

    /// <summary>Gives every failure of the library one form.</summary>
    internal void Try(Action work)
    {
        try
        {
            work();
        }
        catch (SqliteException e)
        {
            throw new StoreUnavailableException($"store {_path}: {Explain(e)}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Ends the transaction that is open, if there is one.</summary>
    private void RollBack()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            Execute("ROLLBACK");
        }
    }

    private void TryRollBack()
    {
        try
        {
            RollBack();
        }
        catch (SqliteException)
        {
            // Why the transaction failed is what counts; the next one tries again before it begins.
        }
    }

    private static void RequireFile(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    // SQLite gives its -wal file the same mode.
                    options.UnixCreateMode = OwnerOnly;
                }

                using FileStream created = new(path, options);
            }
            else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
            {
                throw new StoreUnavailableException($"store {path} is open to others: chmod 0600 {path}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"store {path} cannot be opened: {e.Message}", e);
        }
    }

    private void Prepare()
    {
        _connection.Open();

        // Exclusive before the first access: no other process gets in until this one closes, and no shared memory file is needed.
        Execute("PRAGMA locking_mode = EXCLUSIVE");
        Execute("PRAGMA trusted_schema = OFF");
        int version = RequireSchema();
        if (!Equals(Scalar("PRAGMA journal_mode = WAL"), "wal"))
        {
            throw new StoreUnavailableException($"store {_path}: its file system cannot hold a write-ahead log");
        }

        Execute("PRAGMA synchronous = FULL");
        Transact(() =>
        {
            if (version == 0)
            {
                Execute(Tables);
                Execute($"PRAGMA application_id = {ApplicationId}");
                version = 1;
            }

            for (; version < SchemaVersion; version++)
            {
                Execute(Upgrades[version - 1]);
            }

            Execute($"PRAGMA user_version = {SchemaVersion}");
            return true;
        });
        if (!Equals(Scalar("PRAGMA quick_check(1)"), "ok"))
        {
            throw new StoreUnavailableException($"store {_path} is damaged: restore a backup");
        }
    }

    /// <summary>Looks before anything is changed: the file might be somebody else's.</summary>
    /// <returns>The version that it is of; 0: the file is empty.</returns>
    private int RequireSchema()
    {
        long application = (long)Scalar("PRAGMA application_id")!;
        long version = (long)Scalar("PRAGMA user_version")!;
        if (application == 0 && version == 0 && (long)Scalar("SELECT count(*) FROM sqlite_master")! == 0)
        {
            return 0;
        }

        return application != ApplicationId
                ? throw new StoreUnavailableException($"store {_path} is some other program's database: name another file")
            : version is < 1 or > SchemaVersion
                ? throw new StoreUnavailableException(
                    $"store {_path} has version {version}, this program knows {SchemaVersion}: run the newer program, or name another file")
            : (int)version;
    }

    private object? Scalar(string sql)
    {
        using SqliteCommand command = Command(sql);
        return command.ExecuteScalar();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    // The library's own texts can quote a statement but no parameter.
    private static string Explain(SqliteException e) => e.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => "another process owns it; only one gateway may use it",
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT => "it is damaged, or no store at all: restore a backup, or name another file",
        SQLitePCL.raw.SQLITE_FULL => "the disk is full",
        SQLitePCL.raw.SQLITE_READONLY => "it cannot be written",
        _ => e.Message,
    };
}
