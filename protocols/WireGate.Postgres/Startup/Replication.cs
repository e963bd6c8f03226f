namespace WireGate.Postgres.Startup;

/// <summary>What kind of connection a client wants.</summary>
internal enum ReplicationMode
{
    /// <summary>An ordinary one.</summary>
    None = 0,

    /// <summary>A walsender that reads the whole cluster; it is in no database.</summary>
    Physical,

    /// <summary>A walsender in a database: logical replication, and SQL.</summary>
    Database,
}

/// <summary>The value of the <c>replication</c> parameter, with the server's spellings of a boolean.</summary>
internal static class Replication
{
    /// <returns>False: the server would not understand it either.</returns>
    public static bool TryParse(ReadOnlySpan<byte> value, out ReplicationMode mode)
    {
        // The server compares this one word by case, and the booleans without.
        if (value.SequenceEqual("database"u8))
        {
            mode = ReplicationMode.Database;
            return true;
        }

        bool isTrue = IsPrefix(value, "true", 1) || IsPrefix(value, "yes", 1) || IsPrefix(value, "on", 2) || IsPrefix(value, "1", 1);
        bool isFalse = IsPrefix(value, "false", 1) || IsPrefix(value, "no", 1) || IsPrefix(value, "off", 2) || IsPrefix(value, "0", 1);
        mode = isTrue ? ReplicationMode.Physical : ReplicationMode.None;
        return isTrue || isFalse;
    }

    private static bool IsPrefix(ReadOnlySpan<byte> value, string word, int shortest)
    {
        if (value.Length < shortest || value.Length > word.Length)
        {
            return false;
        }

        return System.Text.Ascii.EqualsIgnoreCase(value, word.AsSpan(0, value.Length));
    }
}
