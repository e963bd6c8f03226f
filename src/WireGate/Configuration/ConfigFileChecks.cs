using System.Collections.Immutable;

namespace WireGate.Configuration;

/// <summary>
/// Checks the files that a config names: they are there, this process can read them, and nobody else can read what is private. Apart
/// from the loader, because a config can be read anywhere but its files are only where it runs.
/// </summary>
internal static class ConfigFileChecks
{
    private const string Missing = "the file does not exist, create it or correct the path";
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>A good config's errors, if its files have any; else what was found while reading it.</summary>
    public static ImmutableArray<ConfigError> Check(ConfigResult result)
    {
        ImmutableArray<ConfigError> errors = [.. result.Errors, .. result.NamedFiles.Select(Check).OfType<ConfigError>()];
        return errors.IsEmpty && result.Config is { } config ? [.. CertificateChecks.Check(config, result.NamedFiles), .. ForwardChecks.Check(config, result), .. SshKeyChecks.Check(config, result.NamedFiles)] : errors;
    }

    private static ConfigError? Check(NamedFile file)
    {
        string? problem = Problem(file);
        if (problem == Missing && file.ConfigPath.EndsWith(".ca.certificate", StringComparison.Ordinal) && file.ConfigPath.StartsWith("listeners", StringComparison.Ordinal))
        {
            problem = "the file does not exist, correct the path, or make it: wiregate ca create";
        }

        return problem is null ? null : new ConfigError(file.Position, file.ConfigPath, problem);
    }

    private static string? Problem(NamedFile file)
    {
        if (Directory.Exists(file.Path))
        {
            return "it is a directory, name a file";
        }

        try
        {
            // Opened first and asked then: the answer is about what a link leads to, and cannot change in between.
            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(file.Path);
            if (file.Kind == FileKind.Public || OperatingSystem.IsWindows())
            {
                return null;
            }

            // A group may read: systemd shows the access list of its credentials as the group's bits, and Debian keeps keys for ssl-cert.
            UnixFileMode mode = File.GetUnixFileMode(handle);
            return (mode & (Others | UnixFileMode.GroupWrite)) == 0
                ? null
                : $"others may read or change it, take that away: chmod o-rwx,g-w {file.Path}";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the file cannot be read ({e.GetType().Name}), let the daemon's user read it";
        }
    }
}
