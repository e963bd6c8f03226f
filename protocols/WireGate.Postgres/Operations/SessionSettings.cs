using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>
/// The settings on which the meaning of a text depends. What a statement sets counts from the moment it is sent, beside what was set
/// before: which of them is in force is known only once the upstream has answered and the transaction is over.
/// </summary>
internal sealed class SessionSettings
{
    /// <summary>Schemas of which it is remembered that they may be meant; nobody has more, and beyond it they are unknown.</summary>
    private const int MostSchemas = 64;

    private readonly string _user;
    private readonly SqlSearchPath _initial;
    private bool _encodingReads;
    private bool _stringsConform;

    /// <param name="user">The login's real user name, which is what "$user" of a search_path stands for.</param>
    /// <param name="initial">The search path that the session began with.</param>
    public SessionSettings(string user, SqlSearchPath initial)
    {
        _user = user;
        _initial = initial;
        SearchPath = initial;
    }

    /// <summary>Every schema in which a name may be looked for.</summary>
    public SqlSearchPath SearchPath { get; private set; }

    /// <summary>Something under way may change how texts are read.</summary>
    public bool IsUnsettled { get; set; }

    /// <summary>Whether texts with characters beyond ASCII, or with backslashes, mean what the parser takes them for.</summary>
    public bool AreTextsReadable => _encodingReads && _stringsConform && !IsUnsettled;

    /// <summary>Why they do not.</summary>
    public string Unreadable =>
        IsUnsettled ? "a statement under way may change how it is read: send it on its own"
        : !_stringsConform ? "standard_conforming_strings is off: set it on"
        : "client_encoding is not UTF8: set it to UTF8";

    /// <summary>The upstream reports a setting.</summary>
    public void OnReported(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("client_encoding"u8))
        {
            // SQL_ASCII is whatever bytes there are; the parser refuses those that are no UTF-8.
            _encodingReads = value.SequenceEqual("UTF8"u8) || value.SequenceEqual("SQL_ASCII"u8);
        }
        else if (name.SequenceEqual("standard_conforming_strings"u8))
        {
            _stringsConform = value.SequenceEqual("on"u8);
        }
    }

    /// <summary>A statement is sent that sets something, if it succeeds.</summary>
    /// <returns>Whether decisions that depend on names have to be made anew.</returns>
    public bool OnSent(SessionChange change)
    {
        switch (change)
        {
            case SessionChange.Set { Name: null }:
            case SessionChange.ResetAll:
            case SessionChange.Discard { Target: DiscardTarget.All }:
                IsUnsettled = true;
                return Add(_initial);
            case SessionChange.Set { Name: "client_encoding" or "standard_conforming_strings" }:
                IsUnsettled = true;
                return false;
            case SessionChange.Set { Name: "search_path" } set:
                return Add(PathOf(set.Value));
            case SessionChange.Set { Name: "role" or "session_authorization" }:
                // Another "$user", and other schemas that may be used.
                return Add(SqlSearchPath.Unknown);
            default:
                return false;
        }
    }

    /// <summary>Something runs whose effects cannot be known.</summary>
    public bool OnAnything()
    {
        IsUnsettled = true;
        return Add(SqlSearchPath.Unknown);
    }

    /// <summary>Nothing is under way any more, and what was set is reported.</summary>
    public void OnIdle() => IsUnsettled = false;

    /// <summary>
    /// A statement that does nothing but this has succeeded, alone and outside of a transaction: nothing can take it back, and what was
    /// set before does not hold any more.
    /// </summary>
    /// <returns>Whether decisions that depend on names have to be made anew.</returns>
    public bool OnDone(SessionChange change)
    {
        SqlSearchPath? path = change switch
        {
            SessionChange.Set { Name: "search_path", IsLocal: false, ByFunction: false } set => PathOf(set.Value),
            SessionChange.Discard { Target: DiscardTarget.All } => _initial,
            _ => null,
        };
        if (path is null || AreSame(path, SearchPath))
        {
            return false;
        }

        SearchPath = path;
        return true;
    }

    private SqlSearchPath PathOf(SettingValue value) => value.Kind switch
    {
        SettingValueKind.Constant => SqlSearchPath.Of([.. value.Parts.Select(part => part == "$user" ? _user : part)]),
        SettingValueKind.Default => _initial,
        _ => SqlSearchPath.Unknown,
    };

    private static bool AreSame(SqlSearchPath one, SqlSearchPath other) => one.IsKnown == other.IsKnown && one.Schemas.SequenceEqual(other.Schemas);

    private bool Add(SqlSearchPath path)
    {
        string[] schemas = [.. SearchPath.Schemas.Concat(path.Schemas).Distinct(StringComparer.Ordinal)];
        SqlSearchPath all = SearchPath.IsKnown && path.IsKnown && schemas.Length <= MostSchemas ? SqlSearchPath.Of([.. schemas]) : SqlSearchPath.Unknown;
        if (AreSame(all, SearchPath))
        {
            return false;
        }

        SearchPath = all;
        return true;
    }
}
