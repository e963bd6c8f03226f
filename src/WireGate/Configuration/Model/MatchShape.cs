using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>match</c> of a rule.</summary>
internal sealed class MatchShape : MapShape<MatchConfig>
{
    public const string FromKey = "from";
    public const string SqlKey = "sql";
    public const string HttpKey = "http";
    public const string KubernetesKey = "kube";
    public const string LabelsKey = "labels";
    public const string TargetKey = "target";
    public const string RequestsKey = "requests";

    private const string OperationsKey = "operations";
    private const string PtyKey = "pty";

    private static readonly ImmutableArray<string> SshKeys = ["exec", "copy", "shell", "subsystem", "sftp", "forward", RequestsKey];

    private readonly Key<ImmutableArray<string>> _targets;
    private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _labels;
    private readonly Key<string> _protocol;
    private readonly Key<ImmutableArray<string>> _logins;
    private readonly Key<CallerConfig> _from;
    private readonly Key<ImmutableArray<IPNetwork>> _sources;
    private readonly Key<HoursConfig> _hours;
    private readonly Key<SessionMatchConfig> _session;
    private readonly Key<bool> _operations;
    private readonly Key<SqlMatchConfig> _sql;
    private readonly Key<HttpMatchConfig> _http;
    private readonly Key<KubernetesMatchConfig> _kubernetes;
    private readonly Key<ImmutableArray<CommandPattern>> _exec;
    private readonly Key<CopyMatchConfig> _copy;
    private readonly Key<bool> _shell;
    private readonly Key<ImmutableArray<NamePattern>> _subsystem;
    private readonly Key<bool> _pty;
    private readonly Key<SftpMatchConfig> _sftp;
    private readonly Key<ImmutableArray<ForwardPattern>> _forward;
    private readonly Key<ImmutableArray<RequestPattern>> _requests;

    public MatchShape()
    {
        _targets = OptionalValue<ImmutableArray<string>>(
            TargetKey, new OneOrManyShape<string>(Words.RefersTo(NameKind.Target)), m => Written(m.Targets), "A target, or a list of them.");
        _labels = OptionalValue<ImmutableArray<KeyValuePair<string, string>>>(
            LabelsKey,
            new NamedShape<string>(Words.Text, least: 1),
            m => m.Labels.Count == 0 ? null : [.. m.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)],
            "Labels that the target must have, all of them.");
        _protocol = Optional(ProtocolShape.Key, ProtocolShape.Target, m => m.Protocol, "The target's protocol.");
        _logins = OptionalValue<ImmutableArray<string>>(
            "login", new OneOrManyShape<string>(new TextShape("the name of a login")), m => Written(m.Logins), "A login of the target, or a list of them.");
        _from = Optional(FromKey, new CallerShape(), m => m.From, "Who asks.");
        _sources = OptionalValue<ImmutableArray<IPNetwork>>(
            "source", new OneOrManyShape<IPNetwork>(new NetworkShape()), m => Written(m.Sources), "Networks that the client is in; a Unix socket is in none.");
        _hours = Optional(
            "hours", new HoursShape(), m => m.Hours, "When: \"Mon-Fri 08:00-20:00 Europe/Berlin\", a list of such, or { not: … } of either.");
        _session = Optional("session", new SessionShape(), m => m.Session, "Facts of the session.");
        _operations = OptionalValue<bool>(
            OperationsKey, new ChoiceShape<bool>([("all", true)]), m => m.AllOperations ? true : null, "all: every operation, what cannot be known included.");
        _sql = Optional(SqlKey, new SqlMatchShape(), m => m.Sql, "What SQL.");
        _exec = OptionalValue<ImmutableArray<CommandPattern>>(
            "exec",
            new ListShape<CommandPattern>(new CommandShape(), least: 1, unique: true),
            m => Written(m.Ssh?.Exec ?? []),
            "SSH commands: exact whole strings, or { argv: [ … ] }, words of which * is any run of characters but : and /, and a last ** any more words.");
        _copy = Optional(
            "copy",
            new CopyMatchShape(),
            m => m.Ssh?.Copy,
            "SSH commands by which scp (without SFTP), rsync and git copy, in the forms that they send.");
        _shell = OptionalValue<bool>("shell", Words.Boolean, m => m.Ssh is { Shell: true } ? true : null, "true: SSH shells, whatever is done in them.");
        _subsystem = OptionalValue<ImmutableArray<NamePattern>>(
            "subsystem",
            new OneOrManyShape<NamePattern>(new NamePatternShape()),
            m => Written(m.Ssh?.Subsystems ?? []),
            "SSH subsystems by name; SFTP is better named by sftp.");
        _pty = OptionalValue<bool>(
            PtyKey, Words.Boolean, m => m.Ssh?.Pty, "Of SSH commands, shells and subsystems only those with a terminal (true), or without (false).");
        _sftp = Optional("sftp", new SftpMatchShape(), m => m.Ssh?.Sftp, "What SFTP, and that it is started.");
        _forward = OptionalValue<ImmutableArray<ForwardPattern>>(
            "forward",
            new ListShape<ForwardPattern>(new ForwardShape(), least: 1, unique: true),
            m => Written(m.Ssh?.Forward ?? []),
            "What SSH may forward: host:port or a socket, { listen: host:port }, agent, x11. Tunnels never pass.");
        _requests = OptionalValue<ImmutableArray<RequestPattern>>(
            RequestsKey,
            new ListShape<RequestPattern>(new RequestPatternShape(), least: 1, unique: true),
            m => Written(m.Ssh?.Requests ?? []),
            "Requests of SSH that are not known here, of the connection or a channel, by name or *@example.com. operations: all means none of them.");
        _http = Optional(HttpKey, new HttpMatchShape(), m => m.Http, "What requests of HTTP; {} is any of which it is known what it asks for.");
        _kubernetes = Optional(
            KubernetesKey, new KubernetesMatchShape(), m => m.Kubernetes, "What requests to a Kubernetes API server; {} is any of which it is known what it asks for.");
    }

    /// <summary>Whether it says which operations are meant.</summary>
    public static bool NamesOperations(MapNode? match) =>
        match is not null && match.Entries.Any(e => e.Key is SqlKey or HttpKey or KubernetesKey or OperationsKey || SshKeys.Contains(e.Key));

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Has(_operations) && values.Map.Entries.FirstOrDefault(e => e.Key is SqlKey or HttpKey or KubernetesKey or PtyKey || SshKeys.Contains(e.Key)) is { } some)
        {
            context.Report(values.Node(_operations), $"it means all operations, and {some.Key} beside it only some: keep one");
        }

        if (values.Has(_http) && values.Has(_kubernetes))
        {
            context.Report(values.Node(_http), "of a request to an API server kube says what is meant, write a rule of its own for http");
        }

        if (values.TryGet(_shell, out bool shell) && !shell)
        {
            context.Report(values.Node(_shell), "it would mean nothing, remove it or write true");
        }

        if (values.Has(_pty) && (values.Has(_sql) || values.Has(_http) || values.Has(_kubernetes) || values.Has(_forward) || values.Has(_requests))
            && !values.Has(_exec) && !values.Has(_copy) && !values.Has(_shell) && !values.Has(_subsystem) && !values.Has(_sftp))
        {
            context.Report(
                values.Node(_pty),
                "it is about commands, shells and subsystems: add exec, copy, shell or subsystem, or write a rule of its own");
        }

        if (values.TryGet(_logins, out ImmutableArray<string> logins))
        {
            ImmutableArray<string> targets = values.Get(_targets, []);
            context.Later(() => CheckLogins(logins, targets, values.Node(_logins), context));
        }
    }

    protected override MatchConfig Build(MapValues values) => new()
    {
        Targets = values.Get(_targets, []),
        Labels = values.Get(_labels, []).ToFrozenDictionary(StringComparer.Ordinal),
        Protocol = values.GetOrNull(_protocol),
        Logins = values.Get(_logins, []),
        From = values.GetOrNull(_from),
        Sources = values.Get(_sources, []),
        Hours = values.GetOrNull(_hours),
        Session = values.GetOrNull(_session),
        AllOperations = values.Get(_operations, false),
        Sql = values.GetOrNull(_sql),
        Http = values.GetOrNull(_http),
        Kubernetes = values.GetOrNull(_kubernetes),
        Ssh = values.Has(_pty) || values.Map.Entries.Any(e => SshKeys.Contains(e.Key))
            ? new SshMatchConfig
            {
                Exec = values.Get(_exec, []),
                Copy = values.GetOrNull(_copy),
                Shell = values.Get(_shell, false),
                Subsystems = values.Get(_subsystem, []),
                Pty = values.GetValueOrNull(_pty),
                Sftp = values.GetOrNull(_sftp),
                Forward = values.Get(_forward, []),
                Requests = values.Get(_requests, []),
            }
            : null,
    };

    /// <summary>A login that none of the targets has: a deny that means it would never be one.</summary>
    private static void CheckLogins(ImmutableArray<string> logins, ImmutableArray<string> targets, ConfigNode node, ReadContext context)
    {
        IReadOnlyCollection<string>?[] known = [.. (targets.IsEmpty ? context.Names(NameKind.Target) : targets).Select(context.LoginsOf)];
        if (known.Any(k => k is null))
        {
            return;
        }

        string[] all = [.. known.SelectMany(k => k!)];
        foreach (string login in logins.Where(l => !all.Contains(l)))
        {
            context.Report(node, $"no target that is meant has a login of this name, {Suggestion.For(login, all)}");
        }
    }

    private static ImmutableArray<T>? Written<T>(ImmutableArray<T> list) => list.IsEmpty ? null : list;

    private sealed class SessionShape : MapShape<SessionMatchConfig>
    {
        private readonly Key<ImmutableArray<NamePattern>> _databases;
        private readonly Key<ImmutableArray<NamePattern>> _applications;
        private readonly Key<ImmutableArray<string>> _grants;
        private readonly Key<bool> _tls;

        public SessionShape()
        {
            var patterns = new OneOrManyShape<NamePattern>(new NamePatternShape());
            _databases = OptionalValue<ImmutableArray<NamePattern>>(
                "database", patterns, s => Written(s.Databases), "The database asked for; * stands for any run of characters.");
            _applications = OptionalValue<ImmutableArray<NamePattern>>(
                "application", patterns, s => Written(s.Applications), "The application's name, which is what the client says it is.");
            _grants = OptionalValue<ImmutableArray<string>>(
                "grant", new OneOrManyShape<string>(Words.RefersTo(NameKind.Grant)), s => Written(s.Grants), "The grant that opened it.");
            _tls = OptionalValue<bool>("tls", Words.Boolean, s => s.Tls, "Whether the client came over TLS.");
        }

        protected override SessionMatchConfig Build(MapValues values) => new()
        {
            Databases = values.Get(_databases, []),
            Applications = values.Get(_applications, []),
            Grants = values.Get(_grants, []),
            Tls = values.GetValueOrNull(_tls),
        };
    }
}
