using System.Collections.Immutable;

namespace WireGate.Core.Credentials;

/// <summary>
/// Runs a command and takes its standard output. There is no shell; the environment is <c>PATH</c> and <c>HOME</c>; standard error is
/// thrown away, because what a failing command says may contain what it was asked for. Whatever it has started is killed when it ends.
/// </summary>
public sealed class ExecSecretSource : ISecretSource
{
    // Ours: a password manager that asks its server answers within seconds.
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(10);

    private readonly ImmutableArray<string> _arguments;
    private readonly TimeSpan _limit;

    /// <summary>Makes a source of a command.</summary>
    /// <param name="arguments">The program, found by <c>PATH</c> unless it has a slash, and its arguments.</param>
    public ExecSecretSource(ImmutableArray<string> arguments)
        : this(arguments, DefaultLimit)
    {
    }

    internal ExecSecretSource(ImmutableArray<string> arguments, TimeSpan limit)
    {
        ArgumentOutOfRangeException.ThrowIfZero(arguments.Length, nameof(arguments));
        _arguments = arguments;
        _limit = limit;
    }

    /// <inheritdoc/>
    public ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken) =>
        // A thread of its own: it may wait for ten seconds, and the pool has better to do.
        new(Task.Factory.StartNew(
            () => Run(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    private Secret Run(CancellationToken cancellationToken)
    {
        // The arguments are not named in errors: people put tokens there.
        string name = _arguments[0];
        if (!OperatingSystem.IsLinux())
        {
            throw new SecretUnavailableException($"command {name}: commands can be run on Linux only");
        }

        using ChildOutput child = ChildOutput.Of(_arguments, _limit, FileSecretSource.MaxLength, cancellationToken);
        ReadOnlySpan<byte> value = FileSecretSource.WithoutLineEnd(child.Output);
        return child.End switch
        {
            ChildEnd.NotStarted => throw new SecretUnavailableException($"command {name} cannot be run: {child.Error}"),
            ChildEnd.TimedOut => throw new SecretUnavailableException($"command {name} took longer than {_limit.TotalSeconds:0.#} s and was killed"),
            ChildEnd.TooLong => throw new SecretUnavailableException($"command {name} wrote more than {FileSecretSource.MaxLength} bytes"),
            ChildEnd.Failed => throw new SecretUnavailableException(
                $"command {name} failed ({child.Error}): run it by hand as the daemon's user, with nothing but PATH and HOME set"),
            ChildEnd.Succeeded when value.IsEmpty => throw new SecretUnavailableException($"command {name} wrote nothing"),
            ChildEnd.Succeeded => Secret.CopyOf(value),
            _ => throw new InvalidOperationException("unknown end of a command"),
        };
    }
}
