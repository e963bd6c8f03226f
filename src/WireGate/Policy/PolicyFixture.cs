using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using WireGate.Configuration;
using WireGate.Configuration.Shapes;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Policy;

/// <summary>One question with the answer that it should get.</summary>
internal sealed record PolicyFixture
{
    /// <summary>What it shows.</summary>
    public required string Name { get; init; }

    /// <summary>The question.</summary>
    public required PolicyQuestion Given { get; init; }

    /// <summary>The answer that it should get.</summary>
    public required Expectation Expect { get; init; }

    /// <summary>The file that it stands in.</summary>
    public string File { get; init; } = "";

    /// <summary>What an answer should be.</summary>
    /// <param name="Verdict">The decision.</param>
    /// <param name="Rule">The rule; null: whichever.</param>
    /// <param name="Masks">The masks, all of them; null: whichever.</param>
    internal sealed record Expectation(Verdict Verdict, string? Rule, ImmutableArray<string>? Masks)
    {
        /// <summary>What is wrong with an answer; null: nothing.</summary>
        public string? Find(Decision decision)
        {
            if (decision.Verdict != Verdict)
            {
                return $"expected {Answers.Word(Verdict)}, got {Answers.Word(decision.Verdict)} by {decision.Rule ?? "the default"}{(decision.Reason is { } why ? $": {why}" : "")}";
            }

            if (Rule is not null && decision.Rule != Rule)
            {
                return $"expected rule {Rule}, got {decision.Rule ?? "the default"}";
            }

            string[] masks = [.. decision.Masks.Masks.Select(m => m.Name)];
            return Masks is { } wanted && !wanted.Order(StringComparer.Ordinal).SequenceEqual(masks.Order(StringComparer.Ordinal))
                ? $"expected the masks {Names(wanted)}, got {Names(masks)}"
                : null;
        }

        private static string Names(IEnumerable<string> masks) => $"[{string.Join(", ", masks)}]";
    }
}

/// <summary>A file of fixtures: <c>fixtures: [{ name, given, expect }]</c>.</summary>
internal sealed class PolicyFixtureShape : MapShape<PolicyFixture>
{
    private readonly Key<string> _name;
    private readonly Key<PolicyQuestion> _given;
    private readonly Key<PolicyFixture.Expectation> _expect;

    private PolicyFixtureShape()
    {
        _name = Required("name", Words.Text, f => f.Name, "What it shows.");
        _given = Required("given", new GivenShape(), f => f.Given, "Who asks for what.");
        _expect = Required("expect", new ExpectShape(), f => f.Expect, "What should be decided.");
    }

    /// <summary>The whole file.</summary>
    public static Shape<ImmutableArray<PolicyFixture>> File { get; } = new FileShape();

    protected override PolicyFixture Build(MapValues values) =>
        new() { Name = values.Get(_name), Given = values.Get(_given), Expect = values.Get(_expect) };

    private sealed class FileShape : MapShape<ImmutableArray<PolicyFixture>>
    {
        private readonly Key<ImmutableArray<PolicyFixture>> _fixtures;

        public FileShape() =>
            _fixtures = Required("fixtures", new ListShape<PolicyFixture>(new PolicyFixtureShape(), least: 1), f => f, "The fixtures.");

        protected override ImmutableArray<PolicyFixture> Build(MapValues values) => values.Get(_fixtures);
    }

    private sealed class GivenShape : MapShape<PolicyQuestion>
    {
        private readonly Key<string> _issuer;
        private readonly Key<string> _subject;
        private readonly Key<ImmutableArray<string>> _groups;
        private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _claims;
        private readonly Key<string> _target;
        private readonly Key<string> _login;
        private readonly Key<string> _database;
        private readonly Key<string> _application;
        private readonly Key<IPAddress> _source;
        private readonly Key<DateTimeOffset> _at;
        private readonly Key<ImmutableArray<string>> _searchPath;
        private readonly Key<string> _sql;
        private readonly Key<string> _exec;
        private readonly Key<bool> _shell;
        private readonly Key<string> _subsystem;
        private readonly Key<SshOperation> _sftp;
        private readonly Key<SshOperation> _forward;
        private readonly Key<SshOperation> _request;
        private readonly Key<HttpOperation> _http;
        private readonly Key<HttpOperation> _kubernetes;
        private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _headers;
        private readonly Key<string> _body;
        private readonly Key<HttpResponse> _response;
        private readonly Key<bool> _pty;

        public GivenShape()
        {
            var names = new ListShape<string>(Words.Foreign);
            _issuer = Optional("issuer", Words.Foreign, q => q.Issuer, "Who vouches for the subject; local by default.");
            _subject = Required("subject", Words.Foreign, q => q.Subject, "Who asks.");
            _groups = OptionalValue<ImmutableArray<string>>("groups", names, q => q.Groups, "The subject's groups.");
            _claims = OptionalValue<ImmutableArray<KeyValuePair<string, string>>>(
                "claims", new NamedShape<string>(Words.Text), q => [.. q.Claims], "The subject's claims.");
            _target = Required("target", Words.Foreign, q => q.Target, "The target.");
            _login = Optional("login", Words.Foreign, q => q.Login, "The login; the least that a grant gives by default.");
            _database = Optional("database", Words.Foreign, q => q.Database, "The database.");
            _application = Optional("application", Words.Foreign, q => q.Application, "The application's name.");
            _source = Optional("source", new IPAddressShape(), q => q.Source, "The client's address.");
            _at = OptionalValue<DateTimeOffset>("at", new TimeShape(), q => q.At, "When; now by default.");
            _searchPath = OptionalValue<ImmutableArray<string>>(
                "searchPath", names, q => q.SearchPath.Schemas, "Schemas of names without one; public by default.");
            _sql = Optional("sql", new TextShape("a statement", @"^[\s\S]+$"), q => q.Sql, "The statement.");
            _exec = Optional("exec", new TextShape("a command", @"^[\s\S]+$"), _ => null, "Instead of a statement: the SSH command.");
            _shell = OptionalValue<bool>("shell", Words.Boolean, _ => null, "true: instead, an SSH shell.");
            _subsystem = Optional("subsystem", Words.Foreign, _ => null, "Instead: an SSH subsystem.");
            _sftp = Optional("sftp", new OperationShape<SshOperation>(SshQuestions.TrySftp, SshQuestions.Describe, SshQuestions.SftpForm), _ => null, $"Instead: {SshQuestions.SftpForm}.");
            _forward = Optional("forward", new OperationShape<SshOperation>(SshQuestions.TryForward, SshQuestions.Describe, SshQuestions.ForwardForm), _ => null, $"Instead: {SshQuestions.ForwardForm}.");
            _request = Optional(
                "request",
                new OperationShape<SshOperation>(SshQuestions.TryRequest, SshQuestions.Describe, SshQuestions.RequestForm),
                _ => null,
                $"Instead: {SshQuestions.RequestForm}.");
            _http = Optional(
                "http", new OperationShape<HttpOperation>(HttpQuestions.TryRead, HttpQuestions.Describe, HttpQuestions.Form), _ => null, $"Instead: {HttpQuestions.Form}.");
            _kubernetes = Optional(
                "kube", new OperationShape<HttpOperation>(KubernetesQuestions.TryRead, HttpQuestions.Describe, KubernetesQuestions.Form), _ => null, $"Instead: {KubernetesQuestions.Form}.");
            _headers = OptionalValue<ImmutableArray<KeyValuePair<string, string>>>("headers", new NamedShape<string>(Words.Text), _ => null, "Headers of the request.");
            _body = Optional("body", new TextShape("the text of a body", @"^[\s\S]+$"), _ => null, "The request's body, of JSON; without, it has none.");
            _response = Optional("response", new ResponseShape(), q => q.Http?.Response, $"What the request is answered: {HttpQuestions.ResponseForm}.");
            _pty = OptionalValue<bool>("pty", Words.Boolean, _ => null, "Whether the command, shell or subsystem has a terminal.");
        }

        protected override void Check(MapValues values, ReadContext context)
        {
            if (new Key[] { _sql, _exec, _shell, _subsystem, _sftp, _forward, _request, _http, _kubernetes }.Count(values.Has) != 1)
            {
                context.Report(values.Map, "write one of sql, exec, shell, subsystem, sftp, forward, request, http and kube");
            }

            foreach (Key key in new Key[] { _headers, _body, _response }.Where(k => values.Has(k) && !values.Has(_http) && !values.Has(_kubernetes)))
            {
                context.Report(values.Node(key), "only a request has it, remove it or write http or kube");
            }

            if (values.TryGet(_shell, out bool shell) && !shell)
            {
                context.Report(values.Node(_shell), "it would mean nothing, remove it or write true");
            }
        }

        protected override PolicyQuestion Build(MapValues values) => new()
        {
            Issuer = values.Get(_issuer, Identity.LocalIssuer),
            Subject = values.Get(_subject),
            Groups = values.Get(_groups, []),
            Claims = values.Get(_claims, []).ToFrozenDictionary(StringComparer.Ordinal),
            Target = values.Get(_target),
            Login = values.GetOrNull(_login),
            Database = values.GetOrNull(_database),
            Application = values.GetOrNull(_application),
            Source = values.GetOrNull(_source),
            At = values.Has(_at) ? values.Get(_at) : null,
            SearchPath = SqlSearchPath.Of(values.Get(_searchPath, ["public"])),
            Sql = values.Get(_sql, ""),
            Ssh = SshOf(values, values.Get(_pty, false)),
            Http = (values.GetOrNull(_http) ?? values.GetOrNull(_kubernetes)) is { } request
                ? request with
                {
                    Headers = [.. values.Get(_headers, []).Select(h => KeyValuePair.Create(h.Key.ToLowerInvariant(), h.Value))],
                    Response = values.GetOrNull(_response),
                }
                : null,
            Body = values.TryGet(_body, out string? body) ? Encoding.UTF8.GetBytes(body) : null,
        };

        private SshOperation? SshOf(MapValues values, bool hasPty) =>
            values.TryGet(_exec, out string? command) ? SshQuestions.Exec(command, hasPty)
            : values.Has(_shell) ? new SshShell(hasPty)
            : values.TryGet(_subsystem, out string? name) ? SshQuestions.Subsystem(name, hasPty)
            : values.GetOrNull(_sftp) ?? values.GetOrNull(_forward) ?? values.GetOrNull(_request);
    }

    /// <summary>An operation in the form of a text.</summary>
    private sealed class OperationShape<T>(OperationShape<T>.Reader read, Func<T, string> describe, string form) : TextualShape<T>
        where T : Operation
    {
        public delegate bool Reader(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? operation);

        protected override string Expected => form;

        public override JsonObject Schema() => new() { ["type"] = "string" };

        public override JsonNode Write(T value) => JsonValue.Create(describe(value));

        protected override bool TryRead(ScalarNode node, ReadContext context, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
        {
            if (read(node.Text, out value))
            {
                return true;
            }

            context.Report(node, $"expected {Expected}");
            return false;
        }
    }

    private sealed class ResponseShape : TextualShape<HttpResponse>
    {
        protected override string Expected => HttpQuestions.ResponseForm;

        public override JsonObject Schema() => new() { ["type"] = "string" };

        public override JsonNode Write(HttpResponse value) => JsonValue.Create(HttpQuestions.Describe(value));

        protected override bool TryRead(ScalarNode node, ReadContext context, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out HttpResponse value)
        {
            if (HttpQuestions.TryResponse(node.Text, out value))
            {
                return true;
            }

            context.Report(node, $"expected {Expected}");
            return false;
        }
    }

    private sealed class ExpectShape : MapShape<PolicyFixture.Expectation>
    {
        private readonly Key<Verdict> _decision;
        private readonly Key<string> _rule;
        private readonly Key<ImmutableArray<string>> _masks;

        public ExpectShape()
        {
            _decision = Required(
                "decision",
                new ChoiceShape<Verdict>([("allow", Verdict.Allow), ("hold", Verdict.Hold), ("deny", Verdict.Deny)]),
                e => e.Verdict,
                "allow, hold or deny.");
            _rule = Optional("rule", Words.Foreign, e => e.Rule, "The rule that decides; any by default.");
            _masks = OptionalValue<ImmutableArray<string>>("masks", new ListShape<string>(Words.Foreign), e => e.Masks, "The masks in force; any by default.");
        }

        protected override PolicyFixture.Expectation Build(MapValues values) =>
            new(values.Get(_decision), values.GetOrNull(_rule), values.Has(_masks) ? values.Get(_masks) : null);
    }

    private sealed class IPAddressShape : TextualShape<IPAddress>
    {
        protected override string Expected => "an IP address";

        public override JsonObject Schema() => new() { ["type"] = "string" };

        public override JsonNode Write(IPAddress value) => JsonValue.Create(value.ToString());

        protected override bool TryRead(ScalarNode node, ReadContext context, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out IPAddress value)
        {
            if (IPAddress.TryParse(node.Text, out value))
            {
                return true;
            }

            context.Report(node, "expected an IP address");
            return false;
        }
    }

    private sealed class TimeShape : TextualShape<DateTimeOffset>
    {
        protected override string Expected => "a time such as \"2026-03-01T09:30:00+01:00\"";

        public override JsonObject Schema() => new() { ["type"] = "string", ["format"] = "date-time" };

        public override JsonNode Write(DateTimeOffset value) => JsonValue.Create(value.ToString("O"));

        protected override bool TryRead(ScalarNode node, ReadContext context, out DateTimeOffset value)
        {
            if (PolicyFiles.TryReadTime(node.Text, out value))
            {
                return true;
            }

            context.Report(node, $"expected {Expected}");
            return false;
        }
    }
}
