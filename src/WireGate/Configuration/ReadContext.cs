namespace WireGate.Configuration;

/// <summary>What a named thing is. Names are unique within their kind.</summary>
internal enum NameKind
{
    Listener,
    Grant,
    Secret,
    Target,
    Issuer,
    Rule,
    Mask,

    /// <summary>A host that leads to a target of HTTP.</summary>
    Host,

    /// <summary>What paths begin with that lead to a target of HTTP.</summary>
    Path,
}

/// <summary>
/// What is collected while a config is read: the errors, the names that it defines and uses, and the files that it names. Nothing stops
/// at the first error.
/// </summary>
internal sealed class ReadContext
{
    private readonly Dictionary<(NameKind, string), Position?> _names = [];
    private readonly Dictionary<string, IReadOnlyCollection<string>> _logins = new(StringComparer.Ordinal);
    private readonly List<Action> _later = [];
    private readonly List<NamedFile> _files = [];

    public List<ConfigError> Errors { get; } = [];

    /// <summary>The files that the config names, in its order.</summary>
    public IReadOnlyList<NamedFile> Files => _files;

    /// <summary>True: the config makes identities of Unix users, so <c>unix</c> is an issuer to reckon with.</summary>
    public bool HasUnixUsers { get; set; }

    /// <summary>The protocol of the listener or target that is read; null: it names none.</summary>
    public string? Protocol { get; set; }

    /// <summary>The port of an address that names none: that of the protocol of what is read. Below 0: it must name one.</summary>
    public int DefaultPort { get; set; }

    public void Report(Position position, string path, string message) => Errors.Add(new ConfigError(position, path, message));

    public void Report(ConfigNode node, string message) => Report(node.Position, node.Path, message);

    /// <summary>Puts a check off until every name is known.</summary>
    public void Later(Action check) => _later.Add(check);

    public void RunLater()
    {
        foreach (Action check in _later)
        {
            check();
        }
    }

    public void DefineBuiltIn(NameKind kind, string name) => _names.Add((kind, name), null);

    public void Define(NameKind kind, string name, ConfigNode node)
    {
        if (!_names.TryAdd((kind, name), node.Position))
        {
            string where = _names[(kind, name)] is { } first ? $"the first is at {first}" : "it is built in";
            Report(node, $"duplicate name, {where}: choose another");
        }
    }

    public bool IsDefined(NameKind kind, string name) => _names.ContainsKey((kind, name));

    public IEnumerable<string> Names(NameKind kind) => _names.Keys.Where(k => k.Item1 == kind).Select(k => k.Item2);

    public void DefineLogins(string target, IReadOnlyCollection<string> logins) => _logins[target] = logins;

    /// <summary>The names of a target's logins; null: they could not be read, so nothing is known about them.</summary>
    public IReadOnlyCollection<string>? LoginsOf(string target) => _logins.GetValueOrDefault(target);

    public void NameFile(ConfigNode node, string path, FileKind kind) => _files.Add(new NamedFile(node.Position, node.Path, path, kind));
}

/// <summary>What a file that the config names is for.</summary>
internal enum FileKind
{
    /// <summary>Certificates; anybody may read them.</summary>
    Public,

    /// <summary>A key or a password; nobody else may read it.</summary>
    Private,
}

/// <summary>A file that the config names, and where it does.</summary>
internal sealed record NamedFile(Position Position, string ConfigPath, string Path, FileKind Kind);
