using NUnit.Framework;
using WireGate.Configuration;

namespace WireGate.Tests.Configuration;

/// <summary>The config files beside the tests: adding a case is adding a file.</summary>
internal static class ConfigFixtures
{
    public static string Directory { get; } = Path.Combine(TestContext.CurrentContext.TestDirectory, "Configuration", "Configs");

    public static IEnumerable<string> Valid => Names("valid");

    public static IEnumerable<string> Invalid => Names("invalid");

    public static string PathOf(string folder, string name) => Path.Combine(Directory, folder, name + ".yaml");

    /// <summary>Errors as they are printed, less the folder of the fixtures.</summary>
    public static string[] Lines(IEnumerable<ConfigError> errors) =>
        [.. errors.Select(e => e.ToString().Replace(Path.Combine(Directory, "invalid") + "/", "", StringComparison.Ordinal)
            .Replace(Directory + "/", "", StringComparison.Ordinal))];

    private static IEnumerable<string> Names(string folder) =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Directory, folder), "*.yaml")
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Order(StringComparer.Ordinal);
}
