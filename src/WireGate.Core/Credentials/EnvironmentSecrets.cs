using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Core.Credentials;

/// <summary>
/// The secrets that came in environment variables, taken once at the start of the program. The variables are erased in the memory
/// that <c>/proc/self/environ</c> shows and are inherited by no child. The copy that the runtime makes of the environment before the
/// program's first line is out of reach: the environment is the weakest of the sources.
/// </summary>
public sealed class EnvironmentSecrets : IDisposable
{
    private readonly Dictionary<string, Secret> _values = new(StringComparer.Ordinal);

    private EnvironmentSecrets()
    {
    }

    /// <summary>Takes the named variables. Called before other threads run: the environment knows no locks.</summary>
    /// <param name="names">Names of variables; those that are not set are left out.</param>
    public static unsafe EnvironmentSecrets Capture(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        EnvironmentSecrets captured = new();
        foreach (string name in names.Where(IsName).Distinct(StringComparer.Ordinal))
        {
            byte* value = (byte*)Libc.GetEnvironment(name);
            if (value is null)
            {
                continue;
            }

            Span<byte> bytes = new(value, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value).Length);
            captured._values.Add(name, Secret.CopyOf(bytes));
            CryptographicOperations.ZeroMemory(bytes);
            _ = Libc.UnsetEnvironment(name);
        }

        // Only now, since the first change makes the BCL copy all variables into strings.
        foreach (string name in captured._values.Keys)
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        return captured;
    }

    /// <summary>A copy of what was taken; the caller disposes it.</summary>
    /// <exception cref="SecretUnavailableException">It was not set at the start, or nothing named it then.</exception>
    public Secret Get(string name) =>
        _values.TryGetValue(name, out Secret? value) && value.Length > 0
            ? value.Clone()
            : throw new SecretUnavailableException(
                $"environment variable {name} was empty or not set at start, or no secret named it then: set it and restart");

    /// <summary>Erases them all.</summary>
    public void Dispose()
    {
        foreach (Secret value in _values.Values)
        {
            value.Dispose();
        }
    }

    private static bool IsName(string name) => name.Length > 0 && !name.Contains('=') && !name.Contains('\0');
}

/// <summary>One environment variable as a source.</summary>
/// <param name="name">The variable.</param>
/// <param name="captured">What was taken at the start.</param>
public sealed class EnvironmentSecretSource(string name, EnvironmentSecrets captured) : ISecretSource
{
    /// <inheritdoc/>
    public ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken) => ValueTask.FromResult(captured.Get(name));
}
