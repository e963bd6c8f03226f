using System.Text.RegularExpressions;

namespace WireGate.Configuration.Shapes;

/// <summary>The scalars that many keys share.</summary>
internal static partial class Words
{
    /// <summary>
    /// None of <c>@ + : / *</c>, which separate names in what clients send and in rules. 63 is PostgreSQL's NAMEDATALEN less its zero:
    /// a target's name may stand in place of a database's.
    /// </summary>
    public const string NamePattern = "^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$";

    public const string NameExpected = "a name of up to 63 letters, digits, '.', '_' and '-'";

    private const string AbsolutePath = @"^/[^\u0000-\u001f\u007f]*$";

    public static TextShape Text { get; } = new("text");

    /// <summary>A user, a group, a subject: somebody else's name, taken as it is.</summary>
    public static TextShape Foreign { get; } = new("a name");

    public static TextShape Directory { get; } = new("the absolute path of a directory", AbsolutePath);

    public static TextShape SocketPath { get; } = new("the absolute path of a socket", AbsolutePath);

    public static TextShape PublicFile { get; } = new(
        "the absolute path of a file", AbsolutePath, (node, context) => context.NameFile(node, node.Text, FileKind.Public));

    public static TextShape PrivateFile { get; } = new(
        "the absolute path of a file", AbsolutePath, (node, context) => context.NameFile(node, node.Text, FileKind.Private));

    /// <summary>From 1 ms to a day: waiting, in whatever form.</summary>
    public static DurationShape Wait { get; } = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));

    /// <summary>From a second to ten years: how long something may be used.</summary>
    public static DurationShape Lifetime { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromDays(3653));

    public static CountShape Count { get; } = new(1, 1_000_000);

    public static BooleanShape Boolean { get; } = new();

    public static ModeShape Mode { get; } = new();

    public static bool IsName(string text) => Name().IsMatch(text) && !text.EndsWith('\n');

    /// <summary>A name that this place defines.</summary>
    public static TextShape Defines(NameKind kind) =>
        new(NameExpected, NamePattern, (node, context) => context.Define(kind, node.Text, node));

    /// <summary>
    /// A name that another place defines. What dangles is not quoted: in place of a secret's name, somebody may have written the secret.
    /// </summary>
    public static TextShape RefersTo(NameKind kind) => new($"the name of {WithArticle(kind)}", then: (node, context) => context.Later(() =>
    {
        if (!context.IsDefined(kind, node.Text))
        {
            string tail = kind == NameKind.Secret
                ? "define it under secrets, by reference, and write its name here"
                : Suggestion.For(node.Text, context.Names(kind));
            context.Report(node, $"no {kind.ToString().ToLowerInvariant()} has this name, {tail}");
        }
    }));

    private static string WithArticle(NameKind kind) => kind == NameKind.Issuer ? "an issuer" : $"a {kind.ToString().ToLowerInvariant()}";

    [GeneratedRegex(NamePattern, RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
