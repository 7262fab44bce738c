//! Convolution and pooling as lists of what each input element contributes to.

use super::node::{Conv, Padding, Pool};
use super::signal::Signal;

/// A window that slides over an image.
struct Window {
    /// Extent of the image.
    size: Vec<usize>,
    kernel: Vec<usize>,
    stride: Vec<usize>,
    /// Added before the image.
    before: Vec<usize>,
    dilation: Vec<usize>,
    /// Extent of the output.
    out: Vec<usize>,
}

impl Window {
    /// Fills in the extent of the output, `padding` being what is added in all along each dimension.
    fn filled(mut self, padding: &[usize]) -> Result<Self, String> {
        for (d, &padding) in padding.iter().enumerate() {
            let reach = self.dilation[d] * (self.kernel[d] - 1) + 1;
            let room = (self.size[d] + padding).checked_sub(reach);
            let room =
                room.ok_or_else(|| format!("has a kernel of {reach} on an image of {}", self.size[d]))?;
            self.out.push(room / self.stride[d] + 1);
        }
        Ok(self)
    }

    /// Along dimension `d`: the outputs that position `at` contributes to, with the place in the kernel.
    fn along(&self, d: usize, at: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.kernel[d]).filter_map(move |k| {
            let start = (at + self.before[d]).checked_sub(k * self.dilation[d])?;
            let out = start / self.stride[d];
            (start % self.stride[d] == 0 && out < self.out[d]).then_some((out, k))
        })
    }

    /// The outputs of one image that position `at` contributes to, with the place in the kernel.
    fn over(&self, at: usize) -> Vec<(usize, usize)> {
        match self.size.as_slice() {
            [_] => self.along(0, at).collect(),
            _ => {
                let (y, x) = (at / self.size[1], at % self.size[1]);
                let rows = self.along(0, y);
                rows.flat_map(|(oy, ky)| {
                    self.along(1, x).map(move |(ox, kx)| (oy * self.out[1] + ox, ky * self.kernel[1] + kx))
                })
                .collect()
            }
        }
    }
}

/// Channels and extent of an image in `signal`.
fn image(signal: &Signal, dimensions: usize) -> Result<(usize, Vec<usize>), String> {
    match signal.shape.split_first() {
        Some((&channels, size)) if size.len() == dimensions => Ok((channels, size.to_vec())),
        _ => Err(format!("takes channels of {dimensions} dimensions and gets a shape of {:?}", signal.shape)),
    }
}

/// `signal` behind a convolution (a correlation, as everywhere in machine learning).
pub(super) fn convolve(signal: &Signal, conv: &Conv) -> Result<Signal, String> {
    let kernel = conv.weight.shape[2..].to_vec();
    let (channels, size) = image(signal, kernel.len())?;
    if conv.input.as_ref().is_some_and(|input| *input != size) {
        return Err(format!("is made for an image of {:?} and gets {size:?}", conv.input));
    }
    let (outputs, per_group) = (conv.weight.shape[0], conv.weight.shape[1]);
    if channels != per_group * conv.groups {
        return Err(format!("takes {} channels and gets {channels}", per_group * conv.groups));
    }
    let reach = |d: usize| conv.dilation[d] * (kernel[d] - 1);
    let (before, whole): (Vec<usize>, Vec<usize>) = match &conv.padding {
        Padding::Each(each) => (each.clone(), each.iter().map(|it| 2 * it).collect()),
        Padding::Same if conv.stride.iter().any(|&it| it != 1) => {
            return Err("has `same` padding with a stride, which has no one meaning".to_owned());
        }
        Padding::Same => (0..kernel.len()).map(|d| (reach(d) / 2, reach(d))).unzip(),
    };
    let (stride, dilation) = (conv.stride.clone(), conv.dilation.clone());
    let window = Window { size, kernel, stride, before, dilation, out: Vec::new() }.filled(&whole)?;
    let (area, out_area): (usize, usize) = (window.size.iter().product(), window.out.iter().product());
    let taps: usize = window.kernel.iter().product();
    let shape = [vec![outputs], window.out.clone()].concat();
    let group = outputs / conv.groups;
    let mut out = signal.mapped(shape, |element, list| {
        let (channel, at) = (element / area, element % area);
        for (to, tap) in window.over(at) {
            let first = channel / per_group * group;
            list.extend((first..first + group).map(|output| {
                let weight = conv.weight.data[(output * per_group + channel % per_group) * taps + tap];
                ((output * out_area + to) as u32, weight)
            }));
        }
    })?;
    out.bias.iter_mut().enumerate().for_each(|(i, sum)| *sum += conv.bias.data[i / out_area]);
    Ok(out)
}

/// `signal` behind pooling; a mean counts the padding, as the default of machine-learning frameworks does.
pub(super) fn pool(signal: &Signal, pool: &Pool) -> Result<Signal, String> {
    let (channels, size) = image(signal, 2)?;
    let whole: Vec<usize> = pool.padding.iter().map(|it| 2 * it).collect();
    let (kernel, stride, before) = (pool.kernel.clone(), pool.stride.clone(), pool.padding.clone());
    let window =
        Window { size, kernel, stride, before, dilation: vec![1; 2], out: Vec::new() }.filled(&whole)?;
    let (area, out_area): (usize, usize) = (window.size.iter().product(), window.out.iter().product());
    let factor = if pool.mean { 1.0 / pool.kernel.iter().product::<usize>() as f64 } else { 1.0 };
    signal.mapped([vec![channels], window.out.clone()].concat(), |element, list| {
        let (channel, at) = (element / area, element % area);
        list.extend(window.over(at).into_iter().map(|(to, _)| ((channel * out_area + to) as u32, factor)));
    })
}
