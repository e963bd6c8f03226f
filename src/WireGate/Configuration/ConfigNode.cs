namespace WireGate.Configuration;

/// <summary>One value of a config file, with the place where it stands and the path that leads to it.</summary>
/// <param name="Position">Where it starts.</param>
/// <param name="Path">Like <c>targets.orders.logins.ro</c>, fit to be printed; empty for a file's root.</param>
/// <param name="Name">The key it stands under; empty for items of a list and for the root.</param>
internal abstract record ConfigNode(Position Position, string Path, string Name)
{
    /// <summary>What it is, for the text "expected …, found …".</summary>
    public abstract string Kind { get; }
}

/// <summary>How YAML 1.2's core schema reads a scalar. Whatever is quoted is text.</summary>
internal enum ScalarKind
{
    Text,
    Null,
    Boolean,
    Number,
}

internal sealed record ScalarNode(Position Position, string Path, string Name, ScalarKind ScalarKind, string Text)
    : ConfigNode(Position, Path, Name)
{
    public override string Kind => ScalarKind switch
    {
        ScalarKind.Null => "nothing",
        ScalarKind.Boolean => "true or false",
        ScalarKind.Number => "a number",
        _ => "text",
    };
}

internal sealed record ListNode(Position Position, string Path, string Name, IReadOnlyList<ConfigNode> Items)
    : ConfigNode(Position, Path, Name)
{
    public override string Kind => "a list";
}

internal sealed record MapNode(Position Position, string Path, string Name, IReadOnlyList<MapEntry> Entries)
    : ConfigNode(Position, Path, Name)
{
    public override string Kind => "a map of keys";

    /// <summary>The value of a key; null: it is not there.</summary>
    public ConfigNode? Find(string key) => Entries.FirstOrDefault(e => e.Key == key)?.Value;
}

/// <summary>One key of a map. <see cref="KeyPosition"/> is the key's own place, the value has another.</summary>
internal sealed record MapEntry(string Key, Position KeyPosition, ConfigNode Value);
