using System.Collections.Immutable;

namespace WireGate.Postgres.Sql;

/// <summary>What a statement does to its session, or needs of it, if it succeeds. A closed list.</summary>
internal abstract record SessionChange
{
    private SessionChange()
    {
    }

    /// <summary>PREPARE: the name stands for another statement, whose effects are counted already.</summary>
    public sealed record Prepare(string Name, ParsedStatement Inner) : SessionChange;

    /// <summary>EXECUTE, within EXPLAIN and CREATE TABLE AS too: it does what the name stands for.</summary>
    public sealed record Execute(string Name) : SessionChange;

    /// <summary>DEALLOCATE.</summary>
    /// <param name="Name">Null: all.</param>
    public sealed record Deallocate(string? Name) : SessionChange;

    /// <summary>DECLARE: a cursor of this name reads another statement, whose effects are counted already.</summary>
    public sealed record Declare(string Name, ParsedStatement Inner, bool IsHeld) : SessionChange;

    /// <summary>FETCH or MOVE: what the cursor stands for runs on.</summary>
    public sealed record Fetch(string Name, bool IsMove) : SessionChange;

    /// <summary>CLOSE.</summary>
    /// <param name="Name">Null: all.</param>
    public sealed record Close(string? Name) : SessionChange;

    /// <summary>SET and RESET of one parameter, and set_config.</summary>
    /// <param name="Name">In lower case; null: any parameter.</param>
    /// <param name="Value">What it is set to.</param>
    /// <param name="IsLocal">Whether only until the end of the transaction; null: it cannot be known.</param>
    /// <param name="ByFunction">By set_config: when, how often and whether at all cannot be known.</param>
    public sealed record Set(string? Name, SettingValue Value, bool? IsLocal, bool ByFunction) : SessionChange;

    /// <summary>RESET ALL: every parameter but role and session_authorization is what it was at the beginning.</summary>
    public sealed record ResetAll : SessionChange;

    /// <summary>DISCARD.</summary>
    public sealed record Discard(DiscardTarget Target) : SessionChange;

    /// <summary>Transaction control.</summary>
    /// <param name="Step">Which.</param>
    /// <param name="Name">The savepoint, or the prepared transaction; null: none.</param>
    /// <param name="IsChained">AND CHAIN: a new transaction begins at once.</param>
    public sealed record Transaction(TransactionStep Step, string? Name, bool IsChained) : SessionChange;

    /// <summary>COPY.</summary>
    /// <param name="IsFrom">Into the table; else out of it, or out of a query.</param>
    /// <param name="Peer">Between the table and what.</param>
    /// <param name="Format">text, csv, binary, or what the statement says; null: it says none, which is text.</param>
    public sealed record Copy(bool IsFrom, CopyPeer Peer, string? Format) : SessionChange;
}

/// <summary>What a parameter is set to.</summary>
/// <param name="Kind">Whether it is known.</param>
/// <param name="Parts">The constants as written, one for most parameters, any number for lists; empty unless it is known.</param>
internal readonly record struct SettingValue(SettingValueKind Kind, ImmutableArray<string> Parts)
{
    /// <summary>What the session began with.</summary>
    public static SettingValue Default => new(SettingValueKind.Default, []);

    /// <summary>It cannot be known.</summary>
    public static SettingValue Unknown => new(SettingValueKind.Unknown, []);

    /// <summary>Constants.</summary>
    public static SettingValue Of(ImmutableArray<string> parts) => new(SettingValueKind.Constant, parts);
}

/// <summary>Whether a parameter's new value is known.</summary>
internal enum SettingValueKind
{
    /// <summary>It cannot be known.</summary>
    Unknown,

    /// <summary>What the session began with: TO DEFAULT, RESET.</summary>
    Default,

    /// <summary>Constants of the text.</summary>
    Constant,
}

/// <summary>What DISCARD forgets.</summary>
internal enum DiscardTarget
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>Plans: nothing that anybody would notice.</summary>
    Plans,

    /// <summary>What sequences gave.</summary>
    Sequences,

    /// <summary>Temporary tables.</summary>
    Temp,
}

/// <summary>Transaction control.</summary>
internal enum TransactionStep
{
    /// <summary>BEGIN and START TRANSACTION.</summary>
    Begin,

    /// <summary>COMMIT and END.</summary>
    Commit,

    /// <summary>ROLLBACK and ABORT.</summary>
    Rollback,

    /// <summary>SAVEPOINT.</summary>
    Savepoint,

    /// <summary>RELEASE.</summary>
    Release,

    /// <summary>ROLLBACK TO.</summary>
    RollbackTo,

    /// <summary>PREPARE TRANSACTION.</summary>
    PrepareTransaction,

    /// <summary>COMMIT PREPARED.</summary>
    CommitPrepared,

    /// <summary>ROLLBACK PREPARED.</summary>
    RollbackPrepared,
}

/// <summary>Between what and the table COPY copies.</summary>
internal enum CopyPeer
{
    /// <summary>The client, over its connection.</summary>
    Client,

    /// <summary>A file of the upstream.</summary>
    File,

    /// <summary>A program that the upstream starts.</summary>
    Program,
}
