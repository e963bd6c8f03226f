using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Startup;

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
    private ServerEncoding _client;
    private ServerEncoding _server;
    private bool _stringsConform;
    private bool _mayRevert;
    private readonly bool _beganAsGiven;
    private bool _isUser = true;

    /// <param name="user">The login's real user name, which is what "$user" of a search_path stands for.</param>
    /// <param name="initial">The search path that the session began with.</param>
    /// <param name="isAsGiven">False: the client chose it, or the role.</param>
    public SessionSettings(string user, SqlSearchPath initial, bool isAsGiven = true)
    {
        _user = user;
        _initial = initial;
        SearchPath = initial;
        IsAsGiven = _beganAsGiven = isAsGiven;
    }

    /// <summary>
    /// A text means what it means in every session of this login, and it is the login that runs: the client has changed neither what names
    /// mean, by a setting or by an object of its own, nor how values are read.
    /// </summary>
    public bool IsAsGiven { get; private set; }

    /// <summary>Every schema in which a name may be looked for.</summary>
    public SqlSearchPath SearchPath { get; private set; }

    /// <summary>Something under way may change how texts are read.</summary>
    public bool IsUnsettled { get; set; }

    /// <summary>Whether answers are owed: an error or the end of a transaction may be among them. Null: it is not known.</summary>
    public Func<bool>? IsUnderWay { get; set; }

    /// <summary>Whether texts with characters beyond ASCII, or with backslashes, mean what the parser takes them for.</summary>
    public bool AreTextsReadable => IsEncodingRead && _stringsConform && IsSettled;

    /// <summary>Why they do not.</summary>
    public string Unreadable =>
        !IsSettled ? "a statement under way may change how it is read: send it on its own"
        : !_stringsConform ? "standard_conforming_strings is off: set it on"
        : "client_encoding is not UTF8: set it to UTF8";

    /// <summary>Whether names as a text has them mean to the server what they mean to the parser.</summary>
    public bool ReadsAlike(NamesBeyondAscii names) => _server.ReadsAlike(names);

    // SQL_ASCII is whatever bytes there are, and the parser refuses those that are no UTF-8. On either side it means that nothing is
    // converted, so that a server of another encoding would take the bytes for other characters.
    private bool IsEncodingRead => _client switch
    {
        ServerEncoding.Utf8 => true,
        ServerEncoding.Ascii => _server is ServerEncoding.Utf8 or ServerEncoding.Ascii,
        _ => false,
    };

    // What was set within a transaction is taken back when that fails or is rolled back, by whatever is under way.
    private bool IsSettled => !IsUnsettled && !(_mayRevert && IsUnderWay?.Invoke() != false);

    /// <summary>The upstream reports a setting.</summary>
    public void OnReported(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("client_encoding"u8))
        {
            _client = ServerEncodings.Of(value);
        }
        else if (name.SequenceEqual("server_encoding"u8))
        {
            _server = ServerEncodings.Of(value);
        }
        else if (name.SequenceEqual("standard_conforming_strings"u8))
        {
            _stringsConform = value.SequenceEqual("on"u8);
        }
    }

    /// <summary>A text is sent; what the names in it stand for is another matter.</summary>
    /// <returns>Whether decisions that depend on names have to be made anew.</returns>
    public bool OnSent(JudgedText text)
    {
        bool isNew = text.MayChangeAnything && OnAnything();
        isNew |= text.MayChangeCatalog && OnDefining(text.MayDefineOwn);
        if (text.ChangesSession)
        {
            // BEGIN and COMMIT are among them, so that nothing is allocated for each.
            foreach (ParsedStatement statement in text.Parsed.Statements)
            {
                foreach (SessionChange change in statement.Changes)
                {
                    isNew |= OnSent(change);
                }
            }
        }

        return isNew;
    }

    /// <summary>A statement is sent that sets something, if it succeeds.</summary>
    /// <returns>Whether decisions that depend on names have to be made anew.</returns>
    public bool OnSent(SessionChange change)
    {
        switch (change)
        {
            case SessionChange.Set { Name: null }:
                return OnAnything();
            case SessionChange.ResetAll:
                Unsettle();
                return Add(InitialPath);
            case SessionChange.Discard { Target: DiscardTarget.All }:
                Unsettle();
                return Add(_initial);
            case SessionChange.Set { Name: "search_path" } set:
                IsAsGiven = false;
                return Add(PathOf(set.Value));
            case SessionChange.Set { Name: "role" or "session_authorization" }:
                // Another "$user", and other schemas that may be used.
                _isUser = IsAsGiven = false;
                return Add(SqlSearchPath.Unknown);
            case SessionChange.Set { Name: { } name } set:
                if (name is "client_encoding" or "standard_conforming_strings")
                {
                    Unsettle();
                }

                // What the session began with was looked at when it began.
                IsAsGiven &= set.Value.Kind == SettingValueKind.Default
                    || AllowedParameters.LeavesMeaning(name, set.Value is { Kind: SettingValueKind.Constant, Parts: [var value] } ? value : null);
                return false;
            case SessionChange.Declare { Inner.Changes: var changes }:
                // It runs when rows are fetched, or when the transaction ends that a cursor outlives.
                return changes.Aggregate(false, (isNew, inner) => OnSent(inner) || isNew);
            default:
                return false;
        }
    }

    /// <summary>Something runs whose effects cannot be known.</summary>
    public bool OnAnything()
    {
        Unsettle();
        _isUser = IsAsGiven = false;
        return Add(SqlSearchPath.Unknown);
    }

    /// <summary>Objects are made or changed: schemas that were not there may be now.</summary>
    /// <param name="mayBeOwn">Among them may be such as only this session sees.</param>
    /// <returns>Whether decisions that depend on names have to be made anew.</returns>
    public bool OnDefining(bool mayBeOwn)
    {
        IsAsGiven &= !mayBeOwn;
        return !SearchPath.Absent.IsEmpty && Add(SqlSearchPath.Of(SearchPath.Absent));
    }

    /// <summary>Nothing is under way any more, and what was set is reported.</summary>
    /// <param name="isInTransaction">Whether what was set may still be taken back.</param>
    public void OnIdle(bool isInTransaction)
    {
        IsUnsettled = false;
        _mayRevert &= isInTransaction;
    }

    /// <summary>
    /// A statement that does nothing but this has succeeded, alone and outside of a transaction: nothing can take it back, and what was
    /// set before does not hold any more.
    /// </summary>
    /// <returns>Whether decisions that depend on names have to be made anew.</returns>
    public bool OnDone(SessionChange change)
    {
        // It takes back the role, too.
        bool isNew = change is SessionChange.Discard { Target: DiscardTarget.All };
        _isUser |= isNew;
        IsAsGiven |= isNew && _beganAsGiven;
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
        SettingValueKind.Constant when _isUser || !value.Parts.Contains("$user") =>
            SqlSearchPath.Of([.. value.Parts.Select(part => ServerName.Cut(part == "$user" ? _user : part))]),
        SettingValueKind.Default => InitialPath,
        _ => SqlSearchPath.Unknown,
    };

    // What the session began with may name the user, who is another one under another role.
    private SqlSearchPath InitialPath => _isUser ? _initial : SqlSearchPath.Unknown;

    private void Unsettle() => (IsUnsettled, _mayRevert) = (true, true);

    private static bool AreSame(SqlSearchPath one, SqlSearchPath other) =>
        one.IsKnown == other.IsKnown && one.Schemas.SequenceEqual(other.Schemas) && one.Absent.SequenceEqual(other.Absent);

    private bool Add(SqlSearchPath path)
    {
        string[] schemas = [.. SearchPath.Schemas.Concat(path.Schemas).Distinct(StringComparer.Ordinal)];
        SqlSearchPath all = SearchPath.IsKnown && path.IsKnown && schemas.Length <= MostSchemas
            ? SqlSearchPath.Of([.. schemas], [.. SearchPath.Absent.Union(path.Absent)])
            : SqlSearchPath.Unknown;
        if (AreSame(all, SearchPath))
        {
            return false;
        }

        SearchPath = all;
        return true;
    }
}
