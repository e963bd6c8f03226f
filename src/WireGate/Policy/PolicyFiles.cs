using System.Collections.Immutable;
using System.Globalization;
using WireGate.Configuration;
using WireGate.Core.Configuration;

namespace WireGate.Policy;

/// <summary>Reads what the policy commands judge by.</summary>
internal static class PolicyFiles
{
    /// <summary>Loads a config, without looking at the files that it names: they may be on another machine.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tell">Is told every error.</param>
    /// <returns>Null: it is wrong.</returns>
    public static GatewayConfig? Load(string path, Action<ImmutableArray<ConfigError>> tell)
    {
        ConfigResult loaded = ConfigLoader.Load(path);
        if (loaded.Config is null)
        {
            tell(loaded.Errors);
        }

        return loaded.Config;
    }

    /// <summary>Reads a moment with its offset from UTC.</summary>
    public static bool TryReadTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm'Z'"],
        CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>Reads all fixtures below a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="tell">Is told every error.</param>
    /// <returns>Null: something in them is wrong.</returns>
    /// <exception cref="PolicyException">There are none.</exception>
    public static ImmutableArray<PolicyFixture>? Fixtures(string directory, Action<ImmutableArray<ConfigError>> tell)
    {
        if (!Directory.Exists(directory))
        {
            throw new PolicyException($"there is no directory {directory}");
        }

        var fixtures = ImmutableArray.CreateBuilder<PolicyFixture>();
        var errors = ImmutableArray.CreateBuilder<ConfigError>();
        foreach (string file in Directory.EnumerateFiles(directory, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var context = new ReadContext();
            if (YamlTree.Read(file, File.ReadAllText(file), context.Errors) is { } root && PolicyFixtureShape.File.TryRead(root, context, out ImmutableArray<PolicyFixture> read))
            {
                fixtures.AddRange(read.Select(f => f with { File = Path.GetRelativePath(directory, file) }));
            }

            errors.AddRange(context.Errors);
        }

        if (errors.Count > 0)
        {
            tell(errors.DrainToImmutable());
            return null;
        }

        return fixtures.Count > 0 ? fixtures.DrainToImmutable() : throw new PolicyException($"no fixture in any *.yaml below {directory}");
    }
}
