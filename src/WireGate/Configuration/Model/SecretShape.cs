using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>secrets</c>: a reference, never a value.</summary>
internal sealed class SecretShape : MapShape<SecretConfig>
{
    private static readonly string[] Sources = ["file", "env", "exec", "credential", "vault", "store"];

    private readonly Key<string> _file;
    private readonly Key<string> _env;
    private readonly Key<ImmutableArray<string>> _exec;
    private readonly Key<string> _credential;
    private readonly Key<TimeSpan> _refresh;
    private readonly Key<SecretConfig>? _passphrase;

    /// <param name="isPassphrase">It opens another, and needs nothing to be opened by.</param>
    public SecretShape(bool isPassphrase = false)
    {
        _file = Optional("file", Words.PrivateFile, s => s.File, "The absolute path of a file that others cannot read.");
        _env = Optional(
            "env",
            new TextShape("the name of an environment variable", "^[A-Za-z_][A-Za-z0-9_]*$"),
            s => s.Env,
            "An environment variable, read once at start.");
        _exec = OptionalValue<ImmutableArray<string>>(
            "exec",
            new ListShape<string>(Words.Text, least: 1),
            s => Printed(s.Exec),
            "A program and its arguments, run without a shell; what it prints is the secret.");
        _credential = Optional(
            "credential",
            new TextShape("the name of a systemd credential", "^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$"),
            s => s.Credential,
            "A credential that systemd passes (LoadCredential=).");
        NotBuilt("vault", "secrets from Vault");
        NotBuilt("store", "the embedded vault");
        _passphrase = isPassphrase ? null : Optional(
            "passphrase", new SecretShape(isPassphrase: true), s => s.Passphrase, "What opens it, if it is a private key that is encrypted: { env: … }, as a secret.");
        _refresh = OptionalValue("refresh", Words.Lifetime, s => s.Refresh, "How long a fetched value is used before it is fetched again.");
    }

    protected override string NotAMap(ConfigNode node) =>
        "a literal value is refused, write where the secret is: { file: … }, { env: … }, { exec: [ … ] } or { credential: … }";

    protected override void Check(MapValues values, ReadContext context)
    {
        MapEntry[] sources = [.. values.Map.Entries.Where(e => Sources.Contains(e.Key))];
        if (sources.Length == 0)
        {
            context.Report(values.Map, "it has no source, name one of file, env, exec, credential");
        }

        foreach (MapEntry second in sources.Skip(1))
        {
            context.Report(second.KeyPosition, second.Value.Path, $"a second source beside {sources[0].Key}, keep one");
        }

        if (values.Has(_env) && values.Has(_refresh))
        {
            context.Report(values.Node(_refresh), "the environment is read once at start, remove it");
        }
    }

    protected override SecretConfig Build(MapValues values) => new()
    {
        Name = values.Map.Name,
        File = values.GetOrNull(_file),
        Env = values.GetOrNull(_env),
        Exec = values.Get(_exec, []),
        Credential = values.GetOrNull(_credential),
        Refresh = values.GetValueOrNull(_refresh),
        Passphrase = _passphrase is null ? null : values.GetOrNull(_passphrase),
    };

    /// <summary>Arguments may hold what should not be seen, whatever this page says of literal values.</summary>
    private static ImmutableArray<string>? Printed(ImmutableArray<string> exec) =>
        exec.IsEmpty ? null : [exec[0], .. exec.Skip(1).Select(_ => "***")];
}
