"""Calls of the modules for linear algebra and Fourier transforms."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from tests.parity.calls.support import Calls

CALLS: Calls = {
    "jax.numpy.linalg.matrix_power": [
        lambda square: jnp.linalg.matrix_power(square, 3),
        lambda square: jnp.linalg.matrix_power(square, -2),
    ],
    "jax.numpy.linalg.norm": [
        lambda square: jnp.linalg.norm(square, "nuc"),
        lambda square: jnp.linalg.norm(square, 2),
        lambda x: jnp.linalg.norm(x, 3, axis=1),
    ],
    "jax.numpy.linalg.solve": [
        lambda square, rhs: jnp.linalg.solve(square, rhs),
        lambda cube: jnp.linalg.solve(cube[..., :3] + 3 * jnp.eye(3), cube),
    ],
    "jax.numpy.linalg.lstsq": [lambda tall, u: jnp.linalg.lstsq(tall, tall[:, 0] * 2)],
    "jax.numpy.linalg.qr": [
        lambda tall: jnp.linalg.qr(tall, mode="complete"),
        lambda tall: jnp.linalg.qr(tall, mode="r"),
    ],
    "jax.numpy.linalg.svd": [
        lambda tall: jnp.linalg.svd(tall, full_matrices=True),
        lambda cube: jnp.linalg.svd(cube, compute_uv=False),
    ],
    "jax.numpy.linalg.multi_dot": [lambda x, spd, tall: jnp.linalg.multi_dot([x, spd, tall.T])],
    "jax.numpy.linalg.tensorinv": [
        lambda: jnp.linalg.tensorinv(jnp.eye(6).reshape(2, 3, 6) * 2, ind=2)
    ],
    "jax.numpy.fft.fftfreq": [lambda: jnp.fft.fftfreq(6, d=0.5)],
    "jax.numpy.fft.rfftfreq": [lambda: jnp.fft.rfftfreq(6)],
    "jax.numpy.fft.fft": [
        lambda signal: jnp.fft.fft(signal, n=20, norm="ortho"),
        lambda c: jnp.fft.ifft2(jnp.fft.fft2(c, axes=(0, 1))),
        lambda x: jnp.fft.irfft(jnp.fft.rfft(x, axis=0), n=2, axis=0),
        lambda cube: jnp.fft.fftshift(jnp.fft.rfftn(cube), axes=(0, 2)),
        lambda c: jnp.fft.hfft(c),
    ],
    "jax.lax.linalg.lu_pivots_to_permutation": [
        lambda i: lax.linalg.lu_pivots_to_permutation(i, 4)
    ],
    "jax.lax.linalg.ormqr": [
        lambda tall: lax.linalg.ormqr(tall, jnp.ones(3), tall, left=True),
    ],
    "jax.lax.linalg.householder_product": [
        lambda tall: lax.linalg.householder_product(tall, jnp.ones(3)),
    ],
    "jax.lax.linalg.tridiagonal_solve": [
        lambda rhs, spd: lax.linalg.tridiagonal_solve(
            jnp.array([0.0, 1, 1]), jnp.full(3, 4.0), jnp.array([1.0, 1, 0]), spd
        ),
    ],
    "jax.lax.linalg.triangular_solve": [
        lambda spd, square: lax.linalg.triangular_solve(
            spd, square, left_side=True, lower=True, unit_diagonal=True
        ),
        lambda spd, square: lax.linalg.triangular_solve(spd, square, transpose_a=True),
    ],
    "jax.lax.linalg.eigh": [
        lambda spd: lax.linalg.eigh(spd, lower=False, symmetrize_input=False),
        lambda square: lax.linalg.eig(square, compute_left_eigenvectors=True),
        lambda square: lax.linalg.schur(square),
        lambda spd: lax.linalg.tridiagonal(spd),
        lambda square: lax.linalg.hessenberg(square),
        lambda spd, rhs: lax.linalg.cholesky_update(jnp.linalg.cholesky(spd).T, rhs),
        lambda tall: lax.linalg.qr(tall, pivoting=True, full_matrices=False),
        lambda square: lax.linalg.qdwh(square),
    ],
    "jax.scipy.linalg.cho_solve": [
        lambda spd, rhs: jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(spd), rhs)
    ],
    "jax.scipy.linalg.dft": [lambda: jax.scipy.linalg.dft(4)],
    "jax.scipy.linalg.eigh_tridiagonal": [
        lambda u, v: jax.scipy.linalg.eigh_tridiagonal(u, v[:3], eigvals_only=True)
    ],
    "jax.scipy.linalg.funm": [lambda square: jax.scipy.linalg.funm(square, jnp.sin)],
    "jax.scipy.linalg.hadamard": [lambda: jax.scipy.linalg.hadamard(4)],
    "jax.scipy.linalg.helmert": [lambda: jax.scipy.linalg.helmert(4)],
    "jax.scipy.linalg.hilbert": [lambda: jax.scipy.linalg.hilbert(4)],
    "jax.scipy.linalg.invhilbert": [lambda: jax.scipy.linalg.invhilbert(4)],
    "jax.scipy.linalg.invpascal": [lambda: jax.scipy.linalg.invpascal(4)],
    "jax.scipy.linalg.lu_solve": [
        lambda square, rhs: jax.scipy.linalg.lu_solve(jax.scipy.linalg.lu_factor(square), rhs)
    ],
    "jax.scipy.linalg.pascal": [lambda: jax.scipy.linalg.pascal(4)],
    "jax.scipy.linalg.solve_sylvester": [
        lambda square, spd: jax.scipy.linalg.solve_sylvester(square, spd, square)
    ],
    "jax.scipy.linalg.solve": [
        lambda spd, rhs: jax.scipy.linalg.solve(spd, rhs, assume_a="pos"),
        lambda spd, rhs: jax.scipy.linalg.solve_triangular(spd, rhs, trans=1, lower=True),
        lambda square: jax.scipy.linalg.schur(square, output="complex"),
        lambda square: jax.scipy.linalg.qr(square, pivoting=True),
        lambda spd, square: jax.scipy.linalg.expm_frechet(spd / 4, square / 4),
        lambda square: jax.scipy.linalg.polar(square),
        lambda spd: jax.scipy.linalg.sqrtm(spd),
        lambda u, v: jax.scipy.linalg.toeplitz(u, v),
        lambda x, spd: jax.scipy.linalg.block_diag(x, spd),
    ],
}
