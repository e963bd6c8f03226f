using System.Collections.Immutable;
using WireGate.Configuration.Model;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Configuration;

/// <summary>
/// Reads <c>wiregate.yaml</c> and what it includes. Strict: what it does not understand is an error, and it reports all errors at once.
/// It does not touch the files that the config names; see <see cref="ConfigFileChecks"/>.
/// </summary>
internal static class ConfigLoader
{
    /// <summary>The whole config; stateless, so one serves everybody.</summary>
    internal static RootShape Model { get; } = new();

    public static ConfigResult Load(string path)
    {
        var context = new ReadContext();
        using var files = new ConfigFiles(context);
        files.Read(path);

        // What a file that cannot be read lacks or defines is not known: anything said about the rest would be noise.
        MapNode? root = files.Unreadable ? null : ConfigMerge.Merge(files.Roots, context);
        GatewayConfig? config = null;
        if (root is not null)
        {
            context.DefineBuiltIn(NameKind.Issuer, GrantShape.LocalIssuer);
            context.DefineBuiltIn(NameKind.Issuer, IdentityShape.UnixIssuer);
            context.DefineBuiltIn(NameKind.Rule, RuleBook.CredentialMinting);
            Model.TryRead(root, context, out config);
            context.RunLater();
        }

        // Two checks may come upon the same thing, as `include` is read both by itself and with its section.
        ImmutableArray<ConfigError> errors =
        [
            .. context.Errors.Distinct()
                .OrderBy(e => files.OrderOf(e.Position.File))
                .ThenBy(e => e.Position)
                .ThenBy(e => e.Path, StringComparer.Ordinal),
        ];
        return new ConfigResult
        {
            Config = errors.IsEmpty ? config! with { Version = files.Version() } : null,
            Errors = errors,
            NamedFiles = [.. context.Files],
            Watched = files.Watched,
            Root = root,
        };
    }
}
