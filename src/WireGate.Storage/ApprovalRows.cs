using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Storage;

/// <summary>Approvals as rows: what they are found and changed by as columns, what was asked for and what became of it as JSON.</summary>
internal static class ApprovalRows
{
    private const string Open = "('pending', 'approved', 'claimed')";

    // A row that lacks something is damaged, not empty.
    private static readonly JsonSerializerOptions Strict = new() { RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    internal static List<Approval> ReadOpen(SqliteDatabase database) =>
        database.Query($"SELECT id, state, version, created, digest, key, display, request, course FROM approvals WHERE state IN {Open}", Read);

    internal static List<Approval> ReadNewest(SqliteDatabase database, ApprovalState? state, int most, int display) => database.Query(
        """
        SELECT id, state, version, created, digest, key, substr(display, 1, @display), request, course FROM approvals
        WHERE @state IS NULL OR state = @state ORDER BY state <> 'pending', created DESC, id LIMIT @most
        """,
        Read,
        ("@state", state is { } wanted ? Word(wanted) : null),
        ("@most", most),
        ("@display", display));

    internal static Approval? Find(SqliteDatabase database, string id) => database.Query(
        "SELECT id, state, version, created, digest, key, display, request, course FROM approvals WHERE id = @id", Read, ("@id", id)) is [var found] ? found : null;

    internal static void Insert(SqliteDatabase database, Approval a) => database.Execute(
        """
        INSERT INTO approvals (id, state, version, created, digest, key, display, request, course)
        VALUES (@id, @state, @version, @created, @digest, @key, @display, @request, @course)
        """,
        ("@id", a.Id),
        ("@state", Word(a.State)),
        ("@version", a.Version),
        ("@created", a.Created.ToUnixTimeMilliseconds()),
        ("@digest", a.Request.Digest.ToArray()),
        ("@key", a.Request.Key.ToArray()),
        ("@display", a.Request.Display),
        ("@request", JsonSerializer.Serialize(RequestRow.Of(a))),
        ("@course", JsonSerializer.Serialize(CourseRow.Of(a))));

    /// <summary>Makes one change.</summary>
    /// <returns>False: it did not touch exactly one row.</returns>
    internal static bool Change(SqliteDatabase database, ApprovalChange change) => database.Execute(
        "UPDATE approvals SET state = @state, version = @version, course = @course WHERE id = @id AND state = @expected AND version = @expectedVersion",
        ("@id", change.Before.Id),
        ("@expected", Word(change.Before.State)),
        ("@expectedVersion", change.Before.Version),
        ("@state", Word(change.After.State)),
        ("@version", change.After.Version),
        ("@course", JsonSerializer.Serialize(CourseRow.Of(change.After)))) == 1;

    /// <summary>Deletes ended ones that are old, and the oldest beyond a number, some at a time.</summary>
    internal static void Purge(SqliteDatabase database, DateTimeOffset before, int kept, int most) => database.Execute(
        $"""
        DELETE FROM approvals WHERE id IN (
            SELECT id FROM approvals WHERE state NOT IN {Open} AND
                (created < @before OR created < (SELECT created FROM approvals ORDER BY created DESC LIMIT 1 OFFSET @kept))
            ORDER BY created LIMIT @most)
        """,
        ("@before", before.ToUnixTimeMilliseconds()),
        ("@kept", kept),
        ("@most", most));

    private static string Word(ApprovalState state) => state.ToString().ToLowerInvariant();

    private static Approval Read(SqliteDataReader row)
    {
        RequestRow request = JsonSerializer.Deserialize<RequestRow>(row.GetString(7), Strict) ?? throw new FormatException("request");
        CourseRow course = JsonSerializer.Deserialize<CourseRow>(row.GetString(8), Strict) ?? throw new FormatException("course");
        ApprovalState state = Enum.TryParse(row.GetString(1), ignoreCase: true, out ApprovalState known) && Word(known) == row.GetString(1)
            ? known
            : throw new FormatException("state");
        return new Approval
        {
            Id = row.GetString(0),
            State = state,
            Version = checked((int)row.GetInt64(2)),
            Created = Moment(row.GetInt64(3)),
            Request = request.ToRequest(Bytes(row, 4), Bytes(row, 5), row.GetString(6)),
            Barred = [.. request.Barred.Select(b => b.ToIdentity())],
            PendingUntil = Moment(request.PendingUntil),
            Votes = [.. course.Votes.Select(v => new ApprovalVote(v.By.ToIdentity(), v.IsYes, Moment(v.At), v.Reason))],
            ValidUntil = course.ValidUntil is { } until ? Moment(until) : null,
            Claim = course.Session is { } session ? new ApprovalClaim(session, Moment(course.Claimed)) : null,
            Detail = course.Detail,
        };
    }

    private static byte[] Bytes(SqliteDataReader row, int column) =>
        row.GetValue(column) is byte[] { Length: ApprovalDigest.Length } bytes ? bytes : throw new FormatException($"column {column}");

    private static DateTimeOffset Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private sealed record Person(string Issuer, string Subject, ImmutableArray<string> Groups)
    {
        public static Person Of(Identity identity) => new(identity.Issuer, identity.Subject, identity.Groups);

        public Identity ToIdentity() => new() { Issuer = Issuer, Subject = Subject, Groups = Groups };
    }

    private sealed record Terms(string? Issuer, ImmutableArray<string> Groups, int Count);

    private sealed record RequestRow(
        ApprovalKind Kind, Person Requester, Person? AskedBy, string? Placeholder, Person? MintedBy, string? Session, string Target, string Login,
        string Protocol, string? Database, string? Source, Dictionary<string, string> Context, bool IsInTransaction, string? Rule, string Config,
        ImmutableArray<Terms> Approvers, long Within, long InTransaction, string? Reason, ImmutableArray<Person> Barred, long PendingUntil,
        bool IsResumable = false)
    {
        public static RequestRow Of(Approval a) => new(
            a.Request.Kind, Person.Of(a.Request.Requester), a.Request.AskedBy is { } asker ? Person.Of(asker) : null, a.Request.Placeholder,
            a.Request.MintedBy is { } minter ? Person.Of(minter) : null, a.Request.Session, a.Request.Target, a.Request.Login, a.Request.Protocol,
            a.Request.Database, a.Request.Source, a.Request.Context.ToDictionary(StringComparer.Ordinal), a.Request.IsInTransaction, a.Request.Rule,
            a.Request.Config, [.. a.Request.Terms.Approvers.Select(t => new Terms(t.Issuer, t.Groups, t.Count))],
            (long)a.Request.Terms.Within.TotalMilliseconds, (long)a.Request.Terms.InTransaction.TotalMilliseconds, a.Request.Reason,
            [.. a.Barred.Select(Person.Of)], a.PendingUntil.ToUnixTimeMilliseconds(), a.Request.IsResumable);

        public ApprovalRequest ToRequest(byte[] digest, byte[] key, string display) => new()
        {
            Kind = Enum.IsDefined(Kind) ? Kind : throw new FormatException("kind"),
            Requester = Requester.ToIdentity(),
            AskedBy = AskedBy?.ToIdentity(),
            Placeholder = Placeholder,
            MintedBy = MintedBy?.ToIdentity(),
            Session = Session,
            Target = Target,
            Login = Login,
            Protocol = Protocol,
            Database = Database,
            Source = Source,
            Digest = digest,
            Key = key,
            Display = display,
            Context = Context.ToFrozenDictionary(StringComparer.Ordinal),
            IsInTransaction = IsInTransaction,
            IsResumable = IsResumable,
            Rule = Rule,
            Config = Config,
            Terms = new HoldTerms(
                [.. Approvers.Select(t => new ApproverTerms(t.Issuer, t.Groups, t.Count))],
                TimeSpan.FromMilliseconds(Within), TimeSpan.FromMilliseconds(InTransaction)),
            Reason = Reason,
        };
    }

    private sealed record Vote(Person By, bool IsYes, long At, string? Reason);

    private sealed record CourseRow(ImmutableArray<Vote> Votes, long? ValidUntil, string? Session, long Claimed, string? Detail)
    {
        public static CourseRow Of(Approval a) => new(
            [.. a.Votes.Select(v => new Vote(Person.Of(v.By), v.IsYes, v.At.ToUnixTimeMilliseconds(), v.Reason))],
            a.ValidUntil?.ToUnixTimeMilliseconds(), a.Claim?.Session, a.Claim?.At.ToUnixTimeMilliseconds() ?? 0, a.Detail);
    }
}
