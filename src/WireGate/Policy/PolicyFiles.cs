using System.Collections.Immutable;
using System.Globalization;
using WireGate.Configuration;
using WireGate.Core.Configuration;

namespace WireGate.Policy;

/// <summary>Reads what the policy commands judge by.</summary>
internal static class PolicyFiles
{
    /// <summary>Loads a config, without looking at the files that it names: they may be on another machine.</summary>
    /// <returns>Null: it is wrong, and every error has been printed.</returns>
    public static GatewayConfig? Load(string path, TextWriter errors)
    {
        ConfigResult loaded = ConfigLoader.Load(path);
        foreach (ConfigError error in loaded.Errors)
        {
            errors.WriteLine(error);
        }

        return loaded.Config;
    }

    /// <summary>Reads a moment with its offset from UTC.</summary>
    public static bool TryReadTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm'Z'"],
        CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>Reads all fixtures below a directory.</summary>
    /// <returns>Null: something is wrong, and every error has been printed.</returns>
    public static ImmutableArray<PolicyFixture>? Fixtures(string directory, TextWriter errors)
    {
        if (!Directory.Exists(directory))
        {
            errors.WriteLine($"wiregate: there is no directory {directory}");
            return null;
        }

        var fixtures = ImmutableArray.CreateBuilder<PolicyFixture>();
        bool isWrong = false;
        foreach (string file in Directory.EnumerateFiles(directory, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var context = new ReadContext();
            if (YamlTree.Read(file, File.ReadAllText(file), context.Errors) is { } root && PolicyFixtureShape.File.TryRead(root, context, out ImmutableArray<PolicyFixture> read))
            {
                fixtures.AddRange(read.Select(f => f with { File = Path.GetRelativePath(directory, file) }));
            }

            foreach (ConfigError error in context.Errors)
            {
                errors.WriteLine(error);
                isWrong = true;
            }
        }

        if (!isWrong && fixtures.Count == 0)
        {
            errors.WriteLine($"wiregate: no fixture in any *.yaml below {directory}");
            return null;
        }

        return isWrong ? null : fixtures.DrainToImmutable();
    }
}
